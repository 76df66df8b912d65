"""Sub-types, questions, prompting."""

from itertools import combinations

import numpy as np
import pytest
from example_toy import make_documents, make_schema, options
from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import DataError
from silversmith.sources.example import mine
from silversmith.sources.example.prompting import prompt_ranking
from silversmith.sources.example.questions import ask, read_answers, thresholds_from_answers
from silversmith.sources.example.subtypes import cover, distances, mentions_of, subtypes, suggestion
from silversmith.sources.example.suggesting import suggest
from silversmith.sources.example.template import make_template

pytestmark = pytest.mark.usefixtures("quiet")
TEMPLATE = make_template("The {name} name: {span}", "PER")


@pytest.fixture(scope="module")
def mining(model):
    import os

    os.environ["SILVERSMITH_QUIET"] = "1"
    return mine(make_schema(), make_documents(), model=model, options=options(threshold=0.004, band=2.0))


@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=5))
def test_greedy_cover_is_near_the_best(rows):
    reached = np.array(rows)
    picks = cover(reached, np.zeros(6, bool), 0.0)
    gains = [added for _, added in picks]
    assert gains == sorted(gains, reverse=True)
    assert sum(gains) == reached.any(axis=0).sum()
    for size in range(1, len(picks) + 1):
        best = max(reached[list(some)].any(axis=0).sum() for some in combinations(range(len(rows)), size))
        assert sum(gains[:size]) >= (1 - 1 / np.e) * best


def test_cover_stops_when_a_pick_adds_too_little():
    reached = np.array([[1, 1, 1, 0], [0, 0, 0, 1]], bool)
    assert cover(reached, np.zeros(4, bool), 0.3) == [(0, 3)]
    assert cover(reached, reached[0], 0.2) == [(1, 1)]


def test_every_mention_finds_itself(mining, model):
    mentions = mentions_of(mining.ranking[:6], make_documents(), mining.options)
    texts = [window.text for _, window in mentions]
    found = distances(mentions, texts, TEMPLATE, model, mining.options)
    assert np.diag(found) == pytest.approx(0, abs=1e-6)
    picks = subtypes(mentions, TEMPLATE, model, mining.options, 1e-5)
    assert sum(pick.added for pick in picks) == len(mentions)
    assert picks[-1].share == pytest.approx(1)
    assert picks[0].text in picks[0].nearest


def test_the_suggestion_is_a_sentence(mining, model):
    lines = suggest(mining, make_documents(), model)
    assert len(lines) == len({one.type for one in mining.ranking})
    assert all("second example" in line for line in lines)
    assert "no second example" in suggestion("PER", mining, [], 3)


def test_questions_spread_and_answers_come_back(mining, tmp_path):
    path = tmp_path / "q.tsv"
    count = ask(mining, make_documents(), path, 4)
    lines = path.read_text().splitlines()
    assert count == len(lines) - 1 > 0
    assert all("[[" in line for line in lines[1:])
    assert read_answers(path, mining.types) == {}
    answered = [lines[0], *(line + "y" for line in lines[1:3]), lines[3] + "No"]
    path.write_text("\n".join(answered))
    answers = read_answers(path, mining.types)
    assert sum(map(len, answers.values())) == 3


@pytest.mark.parametrize(
    ("line", "code"),
    [("PER\t0.1", "X040"), ("PER\tx\td\t0\t1\tc\ty", "X040"), ("PER\t0.1\td\t0\t1\tc\tmaybe", "X040"),
     ("PRE\t0.1\td\t0\t1\tc\ty", "X041")],
)  # fmt: skip
def test_bad_answers_are_refused(tmp_path, line, code):
    path = tmp_path / "q.tsv"
    path.write_text(line)
    with pytest.raises(DataError, match=code):
        read_answers(path, ["PER"])
    with pytest.raises(DataError, match="X040"):
        read_answers(tmp_path / "none.tsv", ["PER"])


def test_thresholds_need_enough_answers():
    answers = {"A": [(0.1, True)] * 3, "B": [(0.1 * n, n < 15) for n in range(20)], "C": [(0.1, False)] * 20}
    made, told = thresholds_from_answers(answers, 0.9)
    assert set(made) == {"B"}
    assert len(told) == 3


def test_the_prompt_ranks_by_the_names_probability(model, causal):
    schema = make_schema()
    ranked = prompt_ranking(schema, make_documents(["Bob met Ada"]), model, options(max_words=1))
    assert len(ranked) == 6
    assert [one.score for one in ranked] == sorted(one.score for one in ranked)
    ids, offsets = model.framed("Bob met Ada, Bob is a person entity.")
    place = next(n for n, (low, _) in enumerate(offsets.tolist()) if low == 22)
    ((_, values),) = list(model.log_probabilities([model.row(ids, [place])]))
    expected = -float(values[0, ids[place]])
    found = next(one for one in ranked if (one.start, one.end, one.type) == (0, 3, 0))
    assert found.score == pytest.approx(expected, abs=1e-5)
    assert prompt_ranking(schema, make_documents(["Ada won"]), causal, options())
