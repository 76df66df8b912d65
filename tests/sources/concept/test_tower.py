"""A trained tower: gradients stop at the frozen part, and the file gives what the training had."""

import random
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from concept_toy import Words

from silversmith.core import Document, Span, write_artefact
from silversmith.models.encode import LanguageModel
from silversmith.models.trunk_model import TrunkModel
from silversmith.sources.concept.annotations import Annotations
from silversmith.sources.concept.backbone import TowerModel
from silversmith.sources.concept.opening import FILE, KIND, load_encoder
from silversmith.sources.concept.pretraining import PretrainOptions
from silversmith.sources.concept.run import prepare

sys.path.insert(0, str(Path(__file__).parents[2] / "tagger"))
from tiny_tagger import NAMES, PLACES, VERBS, tiny_encoder

pytestmark = pytest.mark.usefixtures("quiet")


class AnyWord(Words):
    taps = (0,)


def documents(count):
    draw = random.Random(1)
    for n in range(count):
        name, place = draw.choice(NAMES), draw.choice(PLACES)
        text = f"{name} {draw.choice(VERBS)} the {place} {n}"
        start = text.index(place)
        spans = (Span(0, len(name), "emil"), Span(start, start + len(place), "town"))
        yield Document(f"d{n}", text, spans)


@pytest.fixture
def run(tmp_path):
    encoder = tiny_encoder()
    backbone = TowerModel(encoder.trunk, encoder.tokenizer, encoder.frame, 1, encoder.identity)
    model = TrunkModel(encoder.tokenizer, encoder.frame, encoder.trunk, encoder.identity)
    texts = Annotations.of(documents(48))
    rest, held = texts.split([f"d{n}" for n in range(40, 48)])
    options = PretrainOptions(epochs=3, texts=8, names=4, project=16, hidden=24, size=16, tower_rate=3e-3)
    made = prepare(rest, held, backbone, (model, AnyWord()), options, tmp_path / "work")
    return made, backbone, encoder


def test_only_the_tower_learns_and_the_file_holds_it(run, tmp_path, monkeypatch):
    made, backbone, encoder = run
    before = {name: one.clone() for name, one in encoder.trunk.state_dict().items()}
    assert made.trainer.run()
    for name, one in encoder.trunk.state_dict().items():
        moved = not torch.equal(one, before[name])
        assert moved == name.startswith("blocks.1."), name
    assert made.trainer.curve[-1]["loss"] < made.trainer.curve[0]["loss"]

    reading = {"model": "tiny", "blocks": 2, "trained_blocks": 1}
    with write_artefact(tmp_path / "mine", KIND, reading=reading) as aside:
        made.finish(aside / FILE, {}, tower=backbone.tower)

    def base(name, blocks):
        found = tiny_encoder()
        del found.trunk.blocks[blocks:]
        found.trunk.config.blocks = blocks
        return found

    monkeypatch.setattr("silversmith.tagger.encoders.load_encoder", base)
    opened, _ = load_encoder(str(tmp_path / "mine"))
    model: LanguageModel = opened.model
    assert model.identity()["tower"]
    ours = made.trainer.all_names(np.arange(2, dtype=np.int64))
    theirs = opened.names(made.annotations[0].concepts)
    assert (ours * theirs).sum(axis=1).min() > 0.99  # eight bits a weight, sixteen a state


def test_a_stopped_tower_goes_on_to_the_same_bits(run, tmp_path):
    made, _, _ = run
    assert made.trainer.run()
    whole = {name: one.clone() for name, one in made.trainer.modules.state_dict().items()}
    for _ in range(40):
        encoder = tiny_encoder()
        backbone = TowerModel(encoder.trunk, encoder.tokenizer, encoder.frame, 1, encoder.identity)
        model = TrunkModel(encoder.tokenizer, encoder.frame, encoder.trunk, encoder.identity)
        again = prepare(
            *made.annotations, backbone, (model, AnyWord()), made.trainer.options, tmp_path / "cut"
        )
        if again.trainer.run(minutes=0.0):
            break
    assert again.trainer.step == made.trainer.step
    for name, one in again.trainer.modules.state_dict().items():
        assert torch.equal(one, whole[name]), name
