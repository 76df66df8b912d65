"""The map of concepts: neighbours stay neighbours, and no text breaks out of the page."""

import json
import re
import shutil
import struct
import zlib
from importlib.util import find_spec

import numpy as np
import pytest

from silversmith.reports.layout import plane
from silversmith.reports.map import Dot, write_map

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pixels_of(data):
    """(width, height, [(red, green, blue)]) of a PNG with 8 bits a channel, not interlaced."""
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert depth == 8
    step = {2: 3, 6: 4}[kind]
    packed, at = b"", 8
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + size] if name == b"IDAT" else b""
        at += size + 12
    raw, above, found = zlib.decompress(packed), bytearray(width * step), []
    for row in range(height):
        way, line = (
            raw[row * (width * step + 1)],
            bytearray(raw[row * (width * step + 1) + 1 :][: width * step]),
        )
        for n in range(len(line)):
            left, up = (line[n - step] if n >= step else 0), above[n]
            corner = above[n - step] if n >= step else 0
            guess = left + up - corner
            nearest = min((left, up, corner), key=lambda one: abs(guess - one))
            line[n] = (line[n] + (0, left, up, (left + up) // 2, nearest)[way]) % 256
        found += [tuple(line[n : n + 3]) for n in range(0, len(line), step)]
        above = line
    return width, height, found


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


@pytest.mark.skipif(
    not (CHROMIUM and find_spec("playwright")), reason="needs Debian's chromium and playwright"
)
def test_the_picture_has_what_the_page_shows(tmp_path):
    from playwright.sync_api import sync_playwright

    dots = [Dot("here", -0.5, 0.0, 9, 0), Dot("there", 0.5, 0.0, 9, 1)]
    path = write_map(tmp_path / "map.html", "Concepts", dots)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 800, "height": 600})
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(path.as_uri())
        with page.expect_download() as saved:
            page.click("#picture")
        saved.value.save_as(tmp_path / "map.png")
        assert saved.value.suggested_filename == "Concepts.png"
        browser.close()
    assert wrong == []
    width, height, pixels = pixels_of((tmp_path / "map.png").read_bytes())
    assert width == 1600
    background = pixels[0]
    coloured = [at for at, one in enumerate(pixels) if max(one) - min(one) > 40]
    assert len(coloured) > 2 * 3.14 * 20**2  # two discs with a radius of about 40 pixels
    sides = [at % width < width / 2 for at in coloured]
    assert 0.4 < sum(sides) / len(sides) < 0.6
    assert min(background) > 200 or max(background) < 60
    assert height > 400
