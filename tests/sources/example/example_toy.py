"""Small texts of our own, and helpers that rank them by the fast scorer and by the plain oracle."""

from hypothesis import strategies as st

from silversmith.core import Document, EntityType, Schema
from silversmith.sources.example.options import ExampleOptions
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import make_seeds
from silversmith.sources.example.sentences import sentences_of
from silversmith.sources.example.windows import windows_of

INFINITE = float("inf")
NAMES = ["Ada", "Bob", "Greta", "Lima", "Oslo", "Ada Lovelace", "New York", "U.S."]
FILLERS = ["met", "the", "won", "bank", "river", "in", "at", "visited", ",", ".", "and", "plays", "red"]
TEXTS = [
    "Ada Lovelace met Bob in Oslo .",
    "The red bank of Lima won .",
    "Greta visited New York and the river .",
    "Bob plays .",
    "Oslo",
    "Greta Garbo , Ada and Bob met at the old bank .",
]


def make_schema(**more):
    person = EntityType(name="PER", examples=("Ada Lovelace",), **more)
    return Schema(types=(person, EntityType(name="LOC", examples=("Paris",))))


def make_documents(texts=TEXTS):
    return [Document(f"d{number}", text) for number, text in enumerate(texts)]


def texts(most=5):
    """Lists of sentences of known words."""
    words = st.lists(st.sampled_from(NAMES + FILLERS), min_size=1, max_size=8).map(" ".join)
    return st.lists(words, min_size=1, max_size=most)


def all_sentences(given, options):
    return [
        one
        for number, document in enumerate(make_documents(given))
        for one in sentences_of(document, number, spaced=options.spaced)
    ]


def fast(model, schema, sentences, options, bounds=None):
    """[(score, sentence's place, start, end, label)], the best first."""
    seeds = make_seeds(schema, options, model)
    tested = Scorer(model, seeds, options).test(sentences, bounds or [INFINITE] * len(seeds.types))
    found = []
    for number, one in enumerate(tested):
        words = one.sentence.words
        for hit in one.hits:
            place = words[hit.first][0], words[hit.last - 1][1]
            found.append((hit.score, number, *place, seeds.types[hit.type]))
    return sorted(found)


def plain(model, schema, sentences, options, **how):
    """The same by the oracle, and the oracle."""
    from mining_plain import Plain

    seeds = make_seeds(schema, options, model)
    types = [
        (one.name, one.examples[0], f"{template.before}{{span}}{template.after}")
        for one, template in zip(schema.types, seeds.templates, strict=True)
    ]
    oracle = Plain(model, options.temperature, **how)
    spans = [[(one.start, one.end) for one in windows_of(sentence, options)] for sentence in sentences]
    ranked = oracle.rank([one.text for one in sentences], spans, types)
    return [(one.score, one.sentence, one.start, one.end, one.label) for one in ranked], oracle


def names(ranked):
    """A ranking without its scores."""
    return [one[1:] for one in ranked]


def options(**values):
    return ExampleOptions().changed(**values)
