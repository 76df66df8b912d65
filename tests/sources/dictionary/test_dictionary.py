"""The source `dictionary`: lists in every form, ambiguous terms, the shared battery."""

import math

import pytest

from silversmith.core import DataError, Document, Schema, Span
from silversmith.sources.dictionary import Dictionary, DictionaryOptions, Entry, read_gazetteer
from silversmith.sources.dictionary.opening import is_dictionary, open_dictionary, read_lists
from silversmith.testing.check_source import check_source

ENTRIES = [
    Entry("London", "LOC"),
    Entry("Ada Lovelace", "PER"),
    Entry("Charles Babbage", "PER", "Q46633"),
    Entry("Jordan", "PER", count=3),
    Entry("Jordan", "LOC", count=1),
    Entry("diabetes", "Disease"),
]


def make(**options):
    return Dictionary.prepare(None, ENTRIES, options=DictionaryOptions(**options))


def found(source, text, spans=()):
    (votes,) = source.label([Document("d", text, spans)])
    return [(text[v.start : v.end], v.label) for v in votes]


def test_battery(tmp_path):
    documents = [
        Document("a", "Ada Lovelace met Charles  Babbage in London."),
        Document("b", "Jordan has diabetes; JORDAN flies to Jordan."),
    ]
    for choice in ("shares", "drawn"):
        check_source(
            lambda choice=choice: make(choice=choice),
            documents=documents,
            save=lambda one, folder: one.save(folder),
            load=Dictionary.open,
            folder=tmp_path / choice,
            missing={"a term": lambda: Dictionary.prepare(None, [])},
        )


def test_shares_of_an_ambiguous_term():
    (votes,) = make(trust=0.8).label([Document("d", "Jordan left.")])
    assert votes[0].probabilities == pytest.approx({"LOC": 0.2, "PER": 0.6})
    reason = make(trust=0.8).explain(Document("d", "Jordan left."), votes[0])
    assert reason.leaves[0].detail["counts"] == {"LOC": 1.0, "PER": 3.0}
    assert math.exp(reason.log_probability("PER")) == pytest.approx(0.6)


def test_drawn_types_follow_the_counts_and_nothing_else():
    source = make(choice="drawn")
    documents = [Document(f"d{n}", "so Jordan left") for n in range(400)]
    first = [votes[0].label for votes in source.label(documents)]
    assert 0.68 < first.count("PER") / 400 < 0.82
    again = [votes[0].label for votes in source.label(reversed(documents))]
    assert first == again[::-1]


def test_ids_are_shown():
    document = Document("d", "charles babbage")
    (votes,) = make().label([document])
    assert make().explain(document, votes[0]).support[0]["ids"] == ["Q46633"]


def test_rule_nine_and_given_spans():
    assert found(make(), "diabetes, Diabetes") == [("diabetes", "Disease"), ("Diabetes", "Disease")]
    assert found(make(skip_lower=1), "diabetes, Diabetes") == [("Diabetes", "Disease")]
    spans = (Span(0, 6, "X"), Span(2, 9, "X"))
    assert found(make(keep=True), "London a London", spans) == [("London", "LOC")]


def test_given_strings_are_looked_up():
    document = Document("d", "Jordan or Leeds", (Span(0, 6, "X"), Span(10, 15, "X")))
    (votes,) = make().type_spans([document])
    assert votes[0].probabilities == pytest.approx({"LOC": 0.25, "PER": 0.75})
    assert votes[1].outside == 1.0
    assert make().explain(document, votes[1]).support[0]["rule"] == "not in the list"


def test_a_table_is_edited_and_read_back(tmp_path):
    source = make()
    source.entries.write(tmp_path / "terms.tsv")
    assert read_gazetteer(tmp_path / "terms.tsv").entries == sorted(
        source.entries.rows(), key=lambda one: source.entries.shown.index(one.term)
    )
    text = (tmp_path / "terms.tsv").read_text().replace("Ada Lovelace", "Mary Somerville")
    (tmp_path / "terms.tsv").write_text(text)
    assert found(open_dictionary([str(tmp_path / "terms.tsv")]), "Mary Somerville") == [
        ("Mary Somerville", "PER")
    ]


OBO = """format-version: 1.2

[Term]
id: X:1
name: heart
synonym: "cardiac organ" EXACT []
synonym: "chest" BROAD []

[Term]
id: X:2
name: old heart
is_obsolete: true

[Typedef]
id: part_of
name: part of
"""
TURTLE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<http://a/1> a skos:Concept ;
    skos:prefLabel "heart"@en , "Herz"@de ;
    skos:altLabel "\\"big\\" heart" .
ex:2 skos:prefLabel "lung"@en-GB .
"""
RDF = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:skos="http://www.w3.org/2004/02/skos/core#">
<skos:Concept rdf:about="http://a/1"><skos:prefLabel xml:lang="en">heart</skos:prefLabel>
<skos:altLabel xml:lang="fr">coeur</skos:altLabel><skos:altLabel>ticker</skos:altLabel></skos:Concept>
</rdf:RDF>
"""


@pytest.mark.parametrize(
    ("name", "text", "terms", "left_out"),
    [
        ("a.tsv", "# note\nheart\nlung\tOrgan\t2\tX:7\n", ["heart", "lung"], {"comments and empty lines": 1}),
        ("a.txt", "heart\n\nlung\n", ["heart", "lung"], {}),
        ("a.jsonl", '{"term": "heart", "synonyms": ["ticker"]}\n', ["heart", "ticker"], {}),
        ("a.obo", OBO, ["heart", "cardiac organ"], {"broad and related synonyms": 1, "obsolete terms": 1}),
        ("a.ttl", TURTLE, ["heart", '"big" heart', "lung"], {"labels in other languages": 1}),
        ("a.rdf", RDF, ["heart", "ticker"], {"labels in other languages": 1}),
    ],
)
def test_forms(tmp_path, name, text, terms, left_out):
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = read_gazetteer(tmp_path / name, "Organ")
    assert [one.term for one in found.entries] == terms
    assert {one.type for one in found.entries} == {"Organ"}
    assert {reason: n for reason, n in found.left_out.items() if n} == left_out


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("a.csv", "", "L002"),
        ("a.tsv", "heart\n", "L004.*:1|L004.*line 1|L004"),
        ("a.tsv", "heart\tOrgan\tmany\n", "L003.*count"),
        ("a.jsonl", '{"word": 1}\n', "L003"),
        ("a.obo", "[Term]\nname: x\nsynonym: broken\n", "L003|L004"),
        ("a.rdf", "<rdf", "L003"),
        ("a.txt", b"\xff\xfe\xff", "L003"),
    ],
)
def test_refusals(tmp_path, name, text, error):
    path = tmp_path / name
    path.write_bytes(text) if isinstance(text, bytes) else path.write_text(text)
    with pytest.raises(DataError, match=error):
        read_gazetteer(path)
    with pytest.raises(DataError, match="L005"):
        read_gazetteer(tmp_path / "none.tsv")


def test_expanding_entities_are_refused(tmp_path):
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    (tmp_path / "a.rdf").write_text(f'<!DOCTYPE x [<!ENTITY a0 "lol">{levels}]><x>&a11;</x>')
    with pytest.raises(DataError, match="L003"):
        read_gazetteer(tmp_path / "a.rdf", "X")


def test_lists_of_a_command_line(tmp_path):
    (tmp_path / "d.txt").write_text("heart\n")
    lists = read_lists([f"Organ={tmp_path / 'd.txt'}"])
    assert [(one.term, one.type) for one in lists[0].entries] == [("heart", "Organ")]
    with pytest.raises(DataError, match=r"L006.*Organ"):
        open_dictionary([f"Orgn={tmp_path / 'd.txt'}"], Schema.of(["Organ"]))
    make().save(tmp_path / "kept")
    assert is_dictionary(str(tmp_path / "kept"))
    assert not is_dictionary(str(tmp_path))
