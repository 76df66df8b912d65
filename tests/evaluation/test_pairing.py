import pytest

from silversmith.core import ConfigError, DataError, Document, Span
from silversmith.evaluation import keep_types, pair_documents


def documents(*names, text="one two"):
    return [Document(name, text) for name in names]


def test_pairs_by_id_whatever_the_order():
    pairs = list(pair_documents(documents("a", "b", "c"), documents("c", "a", "b")))
    assert sorted(one.id for one, _ in pairs) == ["a", "b", "c"]
    assert all(one.id == other.id for one, other in pairs)


def test_streams_what_is_in_step():
    def endless():
        number = 0
        while True:
            yield Document(str(number), "x")
            number += 1

    stream = pair_documents(endless(), endless())
    assert [next(stream)[0].id for _ in range(3)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("gold", "predicted", "code"),
    [
        (["a", "b"], ["a"], "E001"),
        (["a"], ["a", "b"], "E002"),
        (["a", "a"], ["a"], "E003"),
        (["a"], ["a", "a"], "E003"),
    ],
)
def test_refuses_ids_that_do_not_pair(gold, predicted, code):
    with pytest.raises(DataError) as caught:
        list(pair_documents(documents(*gold), documents(*predicted)))
    assert caught.value.code == code


def test_says_how_the_ids_look_when_none_match():
    with pytest.raises(
        DataError, match=r"no id is in both: gold has 'g1', predicted has 'p1', 'p2', 'p3', \.\.\."
    ):
        list(pair_documents(documents("g1"), documents("p1", "p2", "p3", "p4")))


def test_refuses_another_text_and_says_where():
    with pytest.raises(DataError, match=r"E004.*document 'a'.*character 5"):
        list(pair_documents(documents("a"), documents("a", text="one too")))
    with pytest.raises(DataError, match="character 7"):
        list(pair_documents(documents("a"), documents("a", text="one two three")))


def test_missing_predictions_count_as_nothing_or_are_left_out():
    gold = [Document("a", "one", (Span(0, 3, "X"),)), Document("b", "two", (Span(0, 3, "X"),))]
    predicted = gold[:1]
    assert [len(other.spans) for _, other in pair_documents(gold, predicted, missing="empty")] == [1, 0]
    assert [one.id for one, _ in pair_documents(gold, predicted, missing="skip")] == ["a"]
    assert [one.id for one, _ in pair_documents(predicted, gold, missing="skip")] == ["a"]
    with pytest.raises(DataError, match="E002"):
        list(pair_documents(predicted, gold, missing="empty"))
    with pytest.raises(ConfigError, match="E005"):
        list(pair_documents(gold, predicted, missing="ignore"))


def test_keep_types():
    document = Document("a", "one two", (Span(0, 3, "X"), Span(4, 7, "Y")))
    assert [span.label for one in keep_types([document], ["Y"]) for span in one.spans] == ["Y"]
