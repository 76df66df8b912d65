"""Asking, the pseudo-dictionary, its source and silver."""

import math
from dataclasses import replace

import pytest
from question_corpus import documents

from silversmith.core import ConfigError, DataError, Document, EntityType, Schema
from silversmith.sources.question import Question, Rules, make_ask_options, silver_sentences
from silversmith.sources.question.dictionary import PseudoDictionary, Row, read_rows, write_rows
from silversmith.sources.question.imports import passages, read_answers
from silversmith.sources.question.matching import Annotator
from silversmith.sources.question.widening import mine_phrases, widen
from silversmith.testing.check_source import check_source

SCHEMA = Schema(
    types=(
        EntityType(name="Disease", questions=("disease",)),
        EntityType(name="City", questions=("Which city?", "capital")),
    )
)


@pytest.fixture(scope="module")
def source(index, mini_parts):
    return Question.prepare(SCHEMA, index, encoder=mini_parts[0], options=make_ask_options(least=0.3))


def spoken(source, text):
    (votes,) = source.label([Document("x", text)])
    return [(text[one.start : one.end], one.label) for one in votes]


def test_a_disease_is_found_and_matched_elsewhere(source):
    terms = {(one.term.lower(), one.type) for one in source.dictionary}
    assert ("cholera", "Disease") in terms
    assert ("paris", "City") in terms
    assert not any(term in {"disease", "city", "cities"} for term, _ in terms)  # rule 7
    assert spoken(source, "They had cholera in Paris.") == [("cholera", "Disease"), ("Paris", "City")]


def test_battery(source, tmp_path):
    texts = [*documents(), Document("e", ""), Document("u", "😀 Cholera\r\nin Paris")]
    check_source(
        lambda: source,
        documents=texts,
        save=lambda one, folder: one.save(folder),
        load=Question.open,
        folder=tmp_path / "terms",
        missing={"no table": lambda: read_rows(tmp_path / "none.tsv")},
    )


def test_reasons_name_question_passage_and_rule(source):
    document = Document("x", "Cholera again.")
    (votes,) = source.label([document])
    found = source.explain(document, votes[0])
    assert found.support[0]["question"] == "Which disease?"
    assert "Cholera" in found.support[0]["text"]
    assert "leftmost" in found.support[0]["rule"]
    assert math.exp(found.log_probability("Disease")) == pytest.approx(votes[0].probabilities["Disease"])


def test_k_and_the_cap_of_a_form(index, mini_parts):
    def answers(**options):
        made = Question.prepare(SCHEMA, index, encoder=mini_parts[0], options=make_ask_options(**options))
        return made.found

    one = answers(k=1, least=0.0)
    assert [tally.sentences for tally in one.tallies] == [1, 1, 1]
    assert one.tallies[0].stopped == "k"
    none = answers(least=1.0)
    assert not none.answers
    assert none.tallies[0].stopped == "unlikely"
    capped = answers(least=0.0, most_a_form=1)
    forms = [one.text.lower() for one in capped.answers if one.question == 0]
    assert len(forms) == len(set(forms))
    assert capped.tallies[0].capped > 0


def test_every_signal_can_rank(index, mini_parts):
    for signal in ("pattern", "words", "context", "more"):
        options = make_ask_options(least=0.0, signals=("name", signal))
        found = Question.prepare(SCHEMA, index, encoder=mini_parts[0], options=options).found
        assert set(found.answers[0].terms) == {"name", signal}
        assert found.answers[0].score == pytest.approx(sum(found.answers[0].terms.values()))
    with pytest.raises(ConfigError, match="Y032"):
        Question.prepare(
            SCHEMA, index, encoder=mini_parts[0], options=make_ask_options(least=0.0, signals=("nme",))
        )


def test_silver_has_each_sentence_once_with_all_its_types(source, index):
    silver = list(silver_sentences(index.documents(), source.found, source.annotator))
    assert len({one.text for one in silver}) == len(silver)
    (cholera,) = [one for one in silver if one.text.startswith("Cholera")]
    assert {(cholera.text[s.start : s.end], s.label) for s in cholera.spans} >= {
        ("Cholera", "Disease"), ("London", "City")
    }  # fmt: skip
    assert cholera.id == "d5#1"
    whole = list(silver_sentences(index.documents(), source.found, source.annotator, whole=True))
    assert len(whole) > len(silver)
    assert any(not one.spans for one in whole)


ROWS = [
    Row("Jordan", "PER", 3, 0.8),
    Row("Jordan", "LOC", 1, 0.6),
    Row("diabetes mellitus", "Disease", 1, 0.9),
    Row("New York", "LOC"),
    Row("New York City", "LOC"),
]
NAMES = {"PER": Rules(), "LOC": Rules(), "Disease": Rules.of("terms")}


def marks(text, fixed=(), rows=ROWS, **options):
    annotator = Annotator(PseudoDictionary(rows), NAMES, **options)
    return [
        (text[one.start : one.end], max(one.shares, key=one.shares.get), one.rule)
        for one in annotator.find(Document("d", text), fixed)
    ]


def test_leftmost_longest_and_retrieved_spans_first():
    assert [one[0] for one in marks("in New York City")] == ["New York City"]
    found = marks("in New York City", fixed=[(12, 16, "PER")])
    assert [one[:2] for one in found] == [("New York", "LOC"), ("City", "PER")]


def test_ambiguous_terms():
    (mention,) = Annotator(PseudoDictionary(ROWS), NAMES).find(Document("d", "Jordan won"))
    assert mention.shares == {"PER": 0.75, "LOC": 0.25}
    drawn = [marks(" " * n + "Jordan", choice="drawn")[0][1] for n in range(300)]
    assert 0.65 < drawn.count("PER") / 300 < 0.85
    assert marks("Jordan won", choice="majority")[0][1] == "PER"


def test_rule_nine_is_of_the_type():
    assert marks("jordan or diabetes mellitus") == [
        ("diabetes mellitus", "Disease", "leftmost, longest term")
    ]


def test_short_forms_of_the_sentence():
    found = marks("diabetes mellitus (DM) is bad, DM kills. DM elsewhere, ADMIRAL")
    assert [one[0] for one in found] == ["diabetes mellitus", "DM", "DM"]
    assert found[1][2] == 'short form of "diabetes mellitus"'
    off = {kind: rules.model_copy(update={"abbreviations": False}) for kind, rules in NAMES.items()}
    annotator = Annotator(PseudoDictionary(ROWS), off)
    assert len(annotator.find(Document("d", "diabetes mellitus (DM)"))) == 1


def test_quality_phrases_widen_but_not_into_another_mention():
    texts = [
        f"so {a} gestational diabetes mellitus {b} ." for a, b in zip("abcdefgh", "ijklmnop", strict=True)
    ]
    phrases = mine_phrases(Document(str(n), one) for n, one in enumerate(texts))
    assert "gestational diabetes mellitus" in phrases
    text = texts[0]
    start = text.index("diabetes")
    span, sentence = (start, start + len("diabetes mellitus")), (0, len(text))
    low, high = widen(text, span, sentence, [span], phrases, 2)
    assert text[low:high] == "gestational diabetes mellitus"
    assert widen(text, span, sentence, [span], phrases, 0) == span
    near = (text.index("gest"), text.index("gest") + 4)
    assert widen(text, span, sentence, [near, span], phrases, 2) == span


def test_the_table_goes_round_and_can_be_edited(tmp_path, source):
    path = tmp_path / "t.tsv"
    write_rows(source.dictionary, path)
    again = read_rows(path)
    assert [(one.term, one.type) for one in again] == [(one.term, one.type) for one in source.dictionary]
    path.write_text("# mine\nsnow\tDisease\nParis\tCity\t2\t0.5\n", encoding="utf-8")
    other = source.edited(read_rows(path, SCHEMA.names))
    assert spoken(other, "snow in Paris, no cholera") == [("snow", "Disease"), ("Paris", "City")]


@pytest.mark.parametrize("line", ["snow", "snow\tWeather", "snow\tDisease\t-1", "snow\tDisease\t1\t7"])
def test_a_bad_line_of_the_table_is_named(tmp_path, line):
    path = tmp_path / "t.tsv"
    path.write_text(f"term\ttype\nok\tDisease\n{line}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"Y041.*t\.tsv:3"):
        read_rows(path, SCHEMA.names)


def test_terms_with_regular_expression_signs(tmp_path):
    rows = [Row("C++ (", "LOC"), Row("A.*b", "LOC"), Row("x" * 1000, "LOC")]
    assert [one[0] for one in marks("use C++ ( or A.*b, AXXb", rows=rows)] == ["C++ (", "A.*b"]


def test_answers_of_another_retriever(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_text(
        '{"question": "Which disease?", "phrase": "the Plague", "sentence": "So the Plague came."}\n'
        '{"Which city?": {"phrase": ["Oslo"], "context": ["Plague in Oslo."]}}\n',
        encoding="utf-8",
    )
    found = read_answers(path, SCHEMA, make_ask_options())
    assert [(one.text, found.questions[one.question].type) for one in found.answers] == [
        ("Plague", "Disease"), ("Oslo", "City")
    ]  # fmt: skip
    made = Question.of_found(found, SCHEMA, make_ask_options())
    silver = list(silver_sentences(passages(found), found, made.annotator))
    assert [len(one.spans) for one in silver] == [1, 2]
    for line in (
        '{"phrase": "x"}',
        "no json",
        '{"phrase": "x", "sentence": "y", "type": "City"}',
        '{"question": "q", "phrase": "y", "sentence": "y"}',
    ):
        path.write_text(line + "\n", encoding="utf-8")
        with pytest.raises(DataError, match=r"Y042.*answers\.jsonl:1"):
            read_answers(path, SCHEMA, make_ask_options())


def test_options_are_checked():
    with pytest.raises(ConfigError, match="Y030"):
        make_ask_options(profil="terms")
    with pytest.raises(ConfigError, match="Y031"):
        make_ask_options(k=0)


def test_rules_chosen_by_how_the_best_are_written(source):
    assert source.found.rules["City"].drop_lower
    assert replace(source.found, questions=()).rules is source.found.rules
