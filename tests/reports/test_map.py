"""The map of concepts: neighbours stay neighbours, and no text breaks out of the page."""

import json
import re

import numpy as np

from silversmith.reports.layout import plane
from silversmith.reports.map import Dot, write_map


def clusters(size=20, seed=0):
    rng = np.random.default_rng(seed)
    centres = 3 * np.eye(4, 16)
    return np.concatenate([one + 0.1 * rng.normal(size=(size, 16)) for one in centres]).astype(np.float32)


def test_neighbours_stay_neighbours():
    vectors = clusters()
    points = plane(vectors)
    assert np.abs(points).max() <= 1
    owner = np.repeat(np.arange(4), 20)
    distances = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :5]
    assert (owner[nearest] == owner[:, None]).mean() > 0.95


def test_the_same_vectors_give_the_same_map():
    assert np.array_equal(plane(clusters()), plane(clusters()))


def test_few_points():
    for count in range(6):
        points = plane(clusters()[:count])
        assert points.shape == (count, 2)
        assert np.isfinite(points).all()


def test_equal_vectors_are_no_error():
    assert np.isfinite(plane(np.ones((10, 4), np.float32))).all()


def test_text_cannot_break_out(tmp_path):
    bad = '</script><script>alert(1)</script>"'
    path = write_map(tmp_path / "map.html", bad, [Dot(bad, 0.1, -0.2, 3, 0, bad)], [bad])
    text = path.read_text(encoding="utf-8")
    assert len(re.findall("<script", text)) == 2  # the data and our own
    assert "alert(1)</script>" not in text
    data = re.search(r'id="dots">(.*?)</script>', text, re.DOTALL)[1]
    assert json.loads(json.loads(data)["rows"])[0][0] == bad
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
