"""Grid, ablation and dense baselines."""

import numpy as np
import pytest

from silversmith.sources.features import Mapping, Options
from silversmith.sources.features.ablation import _without, ablate_types, latent_types, recall_by_type
from silversmith.sources.features.baselines import dense_vectors, fit_dense_logistic, fit_lda, fit_mlp
from silversmith.sources.features.cues import CUES
from silversmith.sources.features.grid import best, run_grid, settings
from silversmith.sources.features.quality import weighted_f1


def test_a_point_equals_a_fit_of_its_own(corpus, tested):
    grid = list(
        settings(
            Options.paper(n_min=3, n_hits=2, max_density=None),
            q=[0.0, 50.0],
            k=[4, None],
            rule=["precision", "shrunk"],
        )
    )
    assert len(grid) == 8
    for point in run_grid(corpus, tested, grid):
        found = Mapping.fit(corpus, point.options, examples=0).predict(tested.matrix, tested.gold)
        y = tested.gold.label
        assert point.with_outside == pytest.approx(weighted_f1(y, found.decided, 4))
        assert point.types_only == pytest.approx(weighted_f1(y, found.p[:, :-1].argmax(1), 4))


def test_the_best_of_each_rule(corpus, tested):
    base = Options(n_min=3, n_hits=2, rule="shrunk")
    points = run_grid(corpus, tested, settings(base, rule=["shrunk", "naive_bayes"], q=[0.0, 90.0]))
    top = best(points)
    assert set(top) == {"shrunk", "naive_bayes"}
    for point in points:
        assert top[point.options.rule].types_only >= point.types_only


def test_weighted_f1_is_scikit_learns():
    from sklearn.metrics import f1_score

    random = np.random.default_rng(0)
    y, answer = random.integers(0, 3, 50).astype(np.int32), random.integers(0, 4, 50)
    oracle = f1_score(y, answer, labels=[0, 1, 2], average="weighted", zero_division=0)
    assert weighted_f1(y, answer, 4) == pytest.approx(oracle)


PAPER = Options.paper(n_min=3, n_hits=2, q=0.0, negatives=0.2, max_density=None)
BARE = Options(rule="logistic", cues=False, roles=("span",))


@pytest.mark.parametrize("options", [BARE, PAPER])
def test_ablation_hits_the_type_itself(corpus, tested, options):
    mapping = Mapping.fit(corpus, options, examples=0)
    found = ablate_types(mapping, corpus, tested, share=0.5, draws=3, outside=False)
    assert found.labels == ("DAY", "PERSON", "PLACE")
    assert (found.whole > 0.9).all()
    assert (found.own_drop >= 0).all()
    assert found.own_drop.mean() > max(0.2, found.other_drop)
    assert (found.removed >= 1).all()


def test_dropped_columns_equal_zeroed_activations(corpus, tested):
    mapping = Mapping.fit(corpus, BARE, examples=0)
    latents = latent_types(mapping)[0][:5]
    quick = _without(mapping, tested, False)(latents)
    slow = recall_by_type(mapping, tested, latents, outside=False)
    np.testing.assert_array_equal(quick, slow)
    assert not np.array_equal(slow, recall_by_type(mapping, tested, latents[:0], outside=False))


def test_cues_held_back_weigh_less(corpus):
    def weight_of_cues(penalty):
        options = Options(rule="logistic", strength=0.1, cue_penalty=penalty, temperature=1.0)
        linear = Mapping.fit(corpus, options, examples=0).linear
        return np.abs(linear.weights[linear.columns >= linear.width - CUES]).sum()

    assert weight_of_cues(1000.0) < 0.1 * weight_of_cues(1.0)


def test_a_latents_type_is_that_of_its_strongest_evidence(corpus):
    latents, types = latent_types(Mapping.fit(corpus, BARE, examples=0))
    found = dict(zip(latents.tolist(), types.tolist(), strict=True))
    assert (found[0], found[1], found[2], found[3]) == (1, 2, 0, 3)  # as in features_toy.PLACES


def test_dense_baselines_type_the_toy_world(corpus, tested):
    x, new = (dense_vectors(one.states, one.gold, cues=True) for one in (corpus, tested))
    y = corpus.gold.label
    scorers = {
        "logistic": fit_dense_logistic(x, y, 3, strength=0.1),
        "lda": fit_lda(x, y, 3),
        "mlp": fit_mlp(x, y, 3, epochs=30, hidden=32),
    }
    right = {name: float((one(new).argmax(1) == tested.gold.label).mean()) for name, one in scorers.items()}
    assert min(right.values()) > 0.95, right


def test_lda_shrinks_as_ledoit_and_wolf():
    from sklearn.covariance import LedoitWolf

    random = np.random.default_rng(0)
    y = random.integers(0, 3, 60).astype(np.int32)
    x = (random.normal(0, 1, (60, 30)) @ random.normal(0, 1, (30, 30)) + np.eye(3, 30)[y]).astype(np.float32)
    means = np.stack([x[y == c].mean(0) for c in range(3)]).astype(np.float64)
    covariance = LedoitWolf(assume_centered=True).fit(x - means[y]).covariance_
    w = np.linalg.solve(covariance, means.T)
    expected = x @ w - 0.5 * np.einsum("cw,wc->c", means, w)
    np.testing.assert_allclose(fit_lda(x, y, 3)(x), expected, rtol=1e-2, atol=1e-2)
