"""The solver against scikit-learn's."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_array

from silversmith.sources.features.logistic import fit_logistic


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    y = random.integers(0, 3, 300).astype(np.int32)
    x = random.normal(0, 1, (300, 20))
    x[:, :3] += np.eye(3)[y]
    return np.where(x > 0.5, x, 0).astype(np.float32), y


def loss(x, y, w, b, penalty, strength):
    scores = x @ w + b
    nll = np.log(np.exp(scores).sum(1)) - scores[np.arange(len(y)), y]
    lasso, ridge = np.abs(w).sum(), 0.5 * (w**2).sum()
    size = {"l1": lasso, "l2": ridge, "elastic": 0.5 * (lasso + ridge)}[penalty]
    return nll.sum() + size / strength


@pytest.mark.parametrize("penalty", ["l2", "l1", "elastic"])
@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_reaches_the_oracles_objective(data, penalty, strength):
    from sklearn.linear_model import LogisticRegression

    x, y = data
    w, b = fit_logistic(csr_array(x), y, 3, penalty=penalty, strength=strength, tolerance=1e-8, steps=2000)
    solver = "lbfgs" if penalty == "l2" else "saga"
    options = {"penalty": "elasticnet", "l1_ratio": 0.5} if penalty == "elastic" else {"penalty": penalty}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions rename the argument
        oracle = LogisticRegression(**options, C=strength, solver=solver, tol=1e-7, max_iter=5000)
        oracle.fit(x.astype(np.float64), y)
    ours, theirs = (
        loss(x, y, w, b, penalty, strength),
        loss(x, y, oracle.coef_.T, oracle.intercept_, penalty, strength),
    )
    assert ours == pytest.approx(theirs, rel=1e-4)
    if penalty == "l1":
        assert abs((w == 0).mean() - (np.abs(oracle.coef_) < 1e-8).mean()) < 0.1


def test_loose_default_tolerance_is_close(data):
    x, y = data
    tight, loose = (fit_logistic(csr_array(x), y, 3, strength=0.1, tolerance=t) for t in (1e-9, 1e-4))
    gap = [(x @ w + b).argmax(1) for w, b in (tight, loose)]
    assert (gap[0] == gap[1]).mean() > 0.98


def test_dense_and_sparse_rows_give_the_same(data):
    x, y = data
    one, two = (fit_logistic(rows, y, 3, strength=0.3) for rows in (csr_array(x), x))
    np.testing.assert_allclose(one[0], two[0], atol=1e-3)


def test_weights_are_like_repeated_rows(data):
    x, y = data
    weight = np.where(np.arange(300) < 100, 2.0, 1.0)
    weighted = fit_logistic(csr_array(x), y, 3, weight=weight, tolerance=1e-9, steps=500)
    twice = np.concatenate([x, x[:100]]), np.concatenate([y, y[:100]])
    repeated = fit_logistic(csr_array(twice[0]), twice[1], 3, tolerance=1e-9, steps=500)
    np.testing.assert_allclose(weighted[0], repeated[0], atol=0.02)
