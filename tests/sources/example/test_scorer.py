"""The fast span test gives what the plain algorithm gives."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from example_toy import TEXTS, all_sentences, fast, make_schema, names, options, plain, texts
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from silversmith.core import ModelError, Schema
from silversmith.models.masked import Row
from silversmith.sources.example.filled import fill
from silversmith.sources.example.scorer import Scorer
from silversmith.sources.example.seeds import make_seeds
from silversmith.sources.example.states import states_of

CLOSE = 2e-6
"""Float rounding of another batch shape."""


def same_ranking(mine, theirs):
    """Equal spans with equal scores; the order may differ only between scores that are all but equal."""
    assert sorted(names(mine)) == sorted(names(theirs))
    known = {one[1:]: one[0] for one in theirs}
    assert all(abs(one[0] - known[one[1:]]) < CLOSE for one in mine)
    order = [known[one[1:]] for one in mine]
    assert all(a <= b + 2 * CLOSE for a, b in pairwise(order))


@given(texts())
def test_every_score_is_that_of_the_plain_algorithm(model, given):
    sentences = all_sentences(given, options())
    mine = fast(model, make_schema(), sentences, options())
    theirs, _ = plain(model, make_schema(), sentences, options())
    same_ranking(mine, theirs)


@given(texts(), st.floats(0.0005, 0.02), st.floats(0.0005, 0.02))
def test_pruning_changes_nothing_of_what_is_kept(model, given, first, second):
    sentences = all_sentences(given, options())
    everything = fast(model, make_schema(), sentences, options())
    kept = fast(model, make_schema(), sentences, options(), [first, second])
    limits = {"PER": first, "LOC": second}
    sure = [one for one in everything if one[0] <= limits[one[-1]] - CLOSE]
    possible = [one for one in everything if one[0] <= limits[one[-1]] + CLOSE]
    assert set(names(sure)) <= set(names(kept)) <= set(names(possible))
    same_ranking(kept, [one for one in everything if one[1:] in set(names(kept))])


def test_one_way_is_the_sentence_side_alone(model):
    sentences = all_sentences(TEXTS, options())
    mine = fast(model, make_schema(), sentences, options(ways="sentence"))
    theirs, _ = plain(model, make_schema(), sentences, options(), ways=1)
    same_ranking(mine, theirs)


def test_it_reads_far_fewer_positions(model):
    sentences = all_sentences(TEXTS * 5, options())
    seeds = make_seeds(make_schema(), options(), model)
    scorer = Scorer(model, seeds, options())
    scorer.test(sentences, [0.002, 0.002])
    _, oracle = plain(model, make_schema(), sentences, options())
    assert oracle.positions > 10 * scorer.measure.pieces
    assert scorer.survivors < scorer.pairs


def template_rows_read(model, schema, text, **how):
    """How many rows the template side reads of one string, nothing given up."""
    scorer = Scorer(model, make_seeds(schema, options(**how), model), options(**how))
    before, strings = scorer.measure.rows, {}
    scorer.template.fill({kind: [text] for kind in scorer.template.groups}, strings)
    assert all(len(sums) == 1 for sums in strings.values())
    return scorer.measure.rows - before


def test_a_template_row_that_types_share_is_read_once(model):
    one = Schema(types=make_schema().types[:1])
    shared = {"template": "It is called {span}"}
    assert template_rows_read(model, make_schema(), "Oslo", **shared) == template_rows_read(
        model, one, "Oslo", **shared
    )
    own = {"templates": {"PER": "The red : {span}", "LOC": "The bank : {span}"}}  # a word of one piece each
    alone = template_rows_read(model, one, "Oslo", **own)
    assert template_rows_read(model, make_schema(), "Oslo", **own) == 2 * alone - 1


def test_another_temperature_gives_other_scores(model):
    sentences = all_sentences(TEXTS, options())
    one, two = (fast(model, make_schema(), sentences, options(temperature=t)) for t in (1.0, 2.0))
    assert sum(score for score, *_ in one) > sum(score for score, *_ in two)


def test_the_example_itself_is_at_distance_zero(model):
    sentences = all_sentences(["Ada Lovelace met Bob ."], options())
    best = fast(model, make_schema(), sentences, options())[0]
    assert best[0] < CLOSE
    assert best[2:] == (0, 12, "PER")


def test_words_and_pieces_differ_only_where_a_neighbour_has_several_pieces(model):
    one_piece = all_sentences(["the bank met the river"], options())
    assert names(fast(model, make_schema(), one_piece, options(neighbours="word"))) == names(
        fast(model, make_schema(), one_piece, options())
    )
    many = all_sentences(["Zanzibar bank Kilimanjaro"], options(max_words=1))
    word = fast(model, make_schema(), many, options(neighbours="word", max_words=1))
    piece = fast(model, make_schema(), many, options(max_words=1))
    assert [one[0] for one in word] != [one[0] for one in piece]


def test_dropped_edges_average_what_is_left(model):
    sentences = all_sentences(["Oslo met Bob"], options())
    kept, dropped = (
        {one[1:]: one[0] for one in fast(model, make_schema(), sentences, options(edges=edges, max_words=1))}
        for edges in ("keep", "drop")
    )
    assert kept[0, 5, 8, "PER"] == pytest.approx(dropped[0, 5, 8, "PER"], abs=CLOSE)  # both neighbours there
    assert kept[0, 0, 4, "PER"] != pytest.approx(dropped[0, 0, 4, "PER"], abs=CLOSE)


@pytest.mark.parametrize("text", ["Oslo", "1", "the", "", "   ", "a b", "x" * 300])
@pytest.mark.parametrize("ways", ["two", "sentence", "template"])
@pytest.mark.parametrize("edges", ["keep", "drop"])
def test_no_score_is_ever_nan(model, text, ways, edges):
    chosen = options(ways=ways, edges=edges, skip_digits=False)
    for score, *_ in fast(model, make_schema(), all_sentences([text], chosen), chosen):
        assert math.isfinite(score)
        assert score >= 0


def test_a_one_word_sentence_without_edges_and_template_is_not_tested(model):
    chosen = options(ways="sentence", edges="drop")
    assert fast(model, make_schema(), all_sentences(["Oslo"], chosen), chosen) == []


def test_sentences_longer_than_the_limit_or_the_model_are_not_read(model):
    seeds = make_seeds(make_schema(), options(), model)
    long = all_sentences(["Bob " * 40, "Zanzibar " * 20 + "met Bob", "Bob met Ada"], options())
    tested = Scorer(model, seeds, options()).test(long, [1.0, 1.0])
    assert [one.read for one in tested] == [False, False, True]


def test_an_example_that_makes_the_sentence_too_long_gives_no_score(model):
    schema = Schema.model_validate({"types": [{"name": "PER", "examples": ["q" * 60]}]})
    sentences = all_sentences(["Bob " + "z" * 80 + " won"], options())
    found = fast(model, schema, sentences, options(max_words=1, ways="sentence"))
    assert [one[2:4] for one in found] == [(4, 84)]


def test_several_examples_take_the_nearest(model):
    sentences = all_sentences(TEXTS, options())
    both = Schema.model_validate({"types": [{"name": "T", "examples": ["Ada Lovelace", "Oslo"]}]})
    alone = [
        {
            one[1:]: one[0]
            for one in fast(
                model,
                Schema.model_validate({"types": [{"name": "T", "examples": [text]}]}),
                sentences,
                options(),
            )
        }
        for text in ("Ada Lovelace", "Oslo")
    ]
    for score, *place in fast(model, both, sentences, options()):
        lows = sorted(one[tuple(place)] for one in alone)
        assert score == pytest.approx(lows[0], abs=CLOSE)
    for score, *place in fast(model, both, sentences, options(several="mean")):
        assert score == pytest.approx(np.mean([one[tuple(place)] for one in alone]), abs=CLOSE)


@given(texts(3), st.floats(0.0005, 0.01))
def test_pruning_is_exact_for_the_mean_of_two_examples_too(model, given, limit):
    both = Schema.model_validate({"types": [{"name": "T", "examples": ["Ada Lovelace", "Oslo", "Bob"]}]})
    chosen = options(several="mean")
    sentences = all_sentences(given, chosen)
    everything = fast(model, both, sentences, chosen)
    kept = fast(model, both, sentences, chosen, [limit])
    assert set(names([one for one in everything if one[0] <= limit - CLOSE])) <= set(names(kept))
    assert set(names(kept)) <= set(names([one for one in everything if one[0] <= limit + CLOSE]))


def test_a_counter_example_rejects_what_is_nearer_to_it(model):
    sentences = all_sentences(TEXTS, options())
    before = fast(model, make_schema(), sentences, options())
    against = fast(
        model,
        Schema.model_validate({"types": [{"name": "PER", "examples": ["Bob"]}]}),
        sentences,
        options(),
    )
    after = fast(model, make_schema(counter_examples=("Bob",)), sentences, options())
    nearer = {one[1:] for one in against}
    scores = {one[1:]: one[0] for one in before}
    counter = {one[1:]: one[0] for one in against}
    gone = set(names(before)) - set(names(after))
    assert gone == {one for one in nearer if counter[one] < scores[one]}
    assert gone


def test_types_may_have_digits_one_by_one(model):
    sentences = all_sentences(["Bob paid 12 pounds"], options())
    found = fast(model, make_schema(), sentences, options(digit_types=("LOC",)))
    assert {one[-1] for one in found if "12" in sentences[0].text[one[2] : one[3]]} == {"LOC"}


def test_a_span_that_ends_like_its_neighbour_moves_no_mask(model):
    text = "x bank bank x"
    filled = fill(model, text, 2, 6)
    assert model.show(int(filled.ids[filled.first])) == "bank"
    assert filled.last - filled.first == 1


def test_a_causal_model_reads_only_what_follows(causal):
    schema = make_schema()
    chosen = options()
    sentences = all_sentences(["Ada one the fever", "Bob"], chosen)
    seeds = make_seeds(schema, chosen, causal)
    assert seeds.templates[0].before == ""
    found = fast(causal, schema, sentences, chosen)
    text, (score, _, start, end, _) = sentences[0].text, next(o for o in found if o[1:] == (0, 0, 3, "PER"))

    def after(whole, stop, places):
        ids, offsets = causal.framed(whole)
        first = next(n for n, (low, _) in enumerate(offsets.tolist()) if low >= stop)
        rows = [causal.row(ids, [first + n]) for n in range(places or len(ids) - first)]
        found = dict.fromkeys(range(len(rows)))
        for owners, values in causal.log_probabilities(rows, 2.0):
            found |= dict(zip(owners.tolist(), values, strict=True))
        return [found[n] for n in range(len(rows))]

    pairs = list(zip(after(text, end, 1), after("Ada Lovelace" + text[end:], 12, 1), strict=True))
    template = seeds.templates[0].after
    pairs += zip(after("Ada Lovelace" + template, 12, 0), after("Ada" + template, 3, 0), strict=True)
    values = [float((np.exp(p) * (p - q)).sum()) for p, q in pairs]
    assert score == pytest.approx(np.mean(values), abs=1e-5)
    assert start == 0


def test_cosine_needs_a_masked_model(causal):
    with pytest.raises(ModelError, match="X020"):
        Scorer(causal, make_seeds(make_schema(), options(), causal), options(measure="cosine"))


def test_states_are_those_before_the_head(model):
    ids, _ = model.framed("the bank met Bob")
    rows = [Row(ids, (1, 2)), Row(ids, (3,))]
    states = states_of(model)(rows)
    assert states.shape == (3, 16)
    net = model.read.net
    logits = net.decode(net.transform_norm(F.gelu(net.transform(torch.from_numpy(states)))))
    assert torch.allclose(logits, model.read(rows), atol=1e-5)


def test_cosine_compares_the_states_of_the_spans(model, monkeypatch):
    table = np.random.default_rng(0).normal(size=(model.vocabulary, 8))

    def states(rows):
        return np.concatenate([table[row.ids[list(row.positions)]] for row in rows])

    monkeypatch.setattr(type(model.read), "states", staticmethod(states), raising=False)
    chosen = options(measure="cosine", max_words=1)
    found = fast(model, make_schema(), all_sentences(["Paris met Oslo"], chosen), chosen)
    assert found[0][2:] == (0, 5, "LOC")
    assert found[0][0] == pytest.approx(0, abs=1e-6)
    assert found[1][0] > 0.01
