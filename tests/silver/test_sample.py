import pytest
from silver_toy import LABELS, corpus

from silversmith.core import ConfigError
from silversmith.evaluation import exact_counts, score
from silversmith.silver import Noise, perturb_all
from silversmith.silver.sample import sample_quality

NOISES = [Noise("low_recall", 0.3), Noise("low_precision", 0.2)]


def pairs(documents):
    return [
        (gold, found)
        for gold, (found, _) in zip(documents, perturb_all(documents, NOISES, LABELS), strict=True)
    ]


def test_ranges_from_one_part_hold_the_truth_of_the_other():
    documents = corpus(120, mean=12, seed=5)
    precision, recall = sample_quality(pairs(documents[:20]))
    truth = score(exact_counts(pairs(documents[20:])), "exact").micro
    assert truth.precision in precision
    assert truth.recall in recall
    assert max(precision.width, recall.width) < 0.25


def test_more_documents_and_less_drift_make_narrower_ranges():
    documents = corpus(120, mean=12, seed=5)
    few, many = (sample_quality(pairs(documents[:size])) for size in (12, 120))
    sure = sample_quality(pairs(documents), drift=0.0)
    for wide, narrow, narrowest in zip(few, many, sure, strict=True):
        assert wide.width > narrow.width > narrowest.width
        assert narrow.width >= 0.09  # never less than the drift on both sides


def test_the_same_ranges_again():
    documents = corpus(30, mean=12)
    assert sample_quality(pairs(documents)) == sample_quality(pairs(documents))


def test_too_few_spans():
    with pytest.raises(ConfigError, match="Q006"):
        sample_quality(pairs(corpus(3)))
    documents = corpus(30)
    with pytest.raises(ConfigError, match="Q006"):
        sample_quality((one, one.with_spans(())) for one in documents)
