"""Training of sparse autoencoders on a model's states: TopK and JumpReLU, resumable to the bit.

`train` is the whole of it; `TextStates` and `StoredStates` say where the states come from, `Settings` what
decides the training. One concept a file: `trainer` and `kinds` hold the step, `buffer` the stream, `loop` the
run, `export` the result.
"""

from silversmith.models.sae_training.kinds import JumpReluTrainer, TopKTrainer, make_trainer
from silversmith.models.sae_training.loop import judge, train, work_folder
from silversmith.models.sae_training.normalise import Normaliser
from silversmith.models.sae_training.open_text import choose_text
from silversmith.models.sae_training.settings import Progress, Settings
from silversmith.models.sae_training.states import States, StoredStates, TextStates, stored_files

__all__ = [
    "JumpReluTrainer",
    "Normaliser",
    "Progress",
    "Settings",
    "States",
    "StoredStates",
    "TextStates",
    "TopKTrainer",
    "choose_text",
    "judge",
    "make_trainer",
    "stored_files",
    "train",
    "work_folder",
]
