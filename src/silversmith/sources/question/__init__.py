"""The source `question`: ask a corpus "Which disease?", and get a data set (GeNER; Kim et al. 2022)."""

from silversmith.sources.question.building import build_index
from silversmith.sources.question.index import PhraseIndex
from silversmith.sources.question.options import AskOptions, Rules, make_ask_options
from silversmith.sources.question.questions import ask, preset_schema, questions_of
from silversmith.sources.question.retrieval import answer
from silversmith.sources.question.silver import silver_sentences
from silversmith.sources.question.source import Question

__all__ = [
    "AskOptions",
    "PhraseIndex",
    "Question",
    "Rules",
    "answer",
    "ask",
    "build_index",
    "make_ask_options",
    "preset_schema",
    "questions_of",
    "silver_sentences",
]
