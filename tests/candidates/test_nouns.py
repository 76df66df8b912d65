from __future__ import annotations

from silversmith.candidates.base import Find, Reading, read
from silversmith.candidates.nouns import NounParts, NounPhrases, tag_classes
from silversmith.core import Document

TAGGED = (
    "The/DET old/ADJ keeper/NOUN of/ADP the/DET harbour/NOUN saw/VERB well/ADV -/PUNCT known/VERB smooth/ADJ "
    "muscle/NOUN cells/NOUN in/ADP Ada/PROPN 's/PART kidney/NOUN ./PUNCT"
)


def reading() -> Reading:
    pairs = [one.rsplit("/", 1) for one in TAGGED.split()]
    plain = read(Document("d", " ".join(word for word, _ in pairs)))
    assert list(plain.tokens) == [word for word, _ in pairs]
    return Reading(plain.document, plain.words, plain.tokens, plain.sentences, [tag for _, tag in pairs])


def spans(found: list[Find]) -> dict[str, str]:
    tokens = reading().tokens
    return {" ".join(tokens[first:last]): origin for first, last, origin in found}


def test_noun_phrases_lose_their_determiner_and_keep_it() -> None:
    found = spans(list(NounPhrases().find(reading())))
    assert found["old keeper"] == "noun phrase"
    assert found["The old keeper"] == "determined"
    assert found["old keeper of the harbour"] == "long phrase"
    assert found["well - known smooth muscle cells"] == "noun phrase"
    assert found["Ada 's kidney"] == "noun phrase"
    assert "saw" not in found


def test_parts_of_phrases_and_single_words() -> None:
    found = spans(list(NounParts().find(reading())))
    assert found["smooth muscle"] == "phrase part"
    assert found["muscle"] == "single"
    assert found["smooth"] == "single"
    assert "saw" not in found
    assert "of" not in found


def test_without_tags_there_are_no_phrases() -> None:
    plain = read(Document("d", "The old keeper slept."))
    assert list(NounPhrases().find(plain)) == []
    assert list(NounParts().find(plain)) == []


def test_classes_have_one_character_a_word() -> None:
    one = reading()
    assert one.tags is not None
    assert len(tag_classes(one.tokens, one.tags)) == len(one.tokens)
