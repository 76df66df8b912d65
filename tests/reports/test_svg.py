import math
from xml.etree import ElementTree

import pytest

from silversmith.evaluation import reliability
from silversmith.reports.svg import Series, bar_plot, grouped_bars, line_plot, reliability_plot

NS = "{http://www.w3.org/2000/svg}"


def parts(svg, tag):
    return list(ElementTree.fromstring(svg).iter(NS + tag))


def texts(svg):
    return [element.text for element in parts(svg, "text")]


CURVE = Series("sparse", [(10, 0.6), (100, 0.7), (1000, 0.8)], [(0.5, 0.65), (0.65, 0.75), (0.75, 0.85)])


def test_curve_with_band():
    svg = line_plot(
        [CURVE, Series("dense", [(10, 0.65), (1000, 0.9)])], title="F1", x_label="documents", log_x=True
    )
    assert len(parts(svg, "polygon")) == 1
    assert len(parts(svg, "circle")) == 5
    assert {"F1", "documents", "sparse", "dense", "10", "100", "1,000"} <= set(texts(svg))
    xs = [float(dot.get("cx")) for dot in parts(svg, "circle")[:3]]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)  # equal steps of a logarithmic axis


def test_crowded_measures_give_round_ticks():
    svg = line_plot([Series("a", [(x, 0.5) for x in (1, 2, 3, 5, 997, 998, 999)])])
    assert {"200", "400", "600", "800"} <= set(texts(svg))
    assert "997" not in texts(svg)


def test_higher_values_are_higher_up():
    svg = line_plot([CURVE])
    heights = [float(dot.get("cy")) for dot in parts(svg, "circle")]
    assert heights == sorted(heights, reverse=True)


def test_a_gap_breaks_the_line():
    svg = line_plot([Series("a", [(1, 0.1), (2, math.nan), (3, 0.3), (4, 0.4)])])
    (path,) = (element for element in parts(svg, "path"))
    assert path.get("d").count("M") == 2
    assert "nan" not in svg


def test_text_is_escaped():
    nasty = '<script>alert("&")</script>'
    svg = grouped_bars({nasty: {nasty: 1.0}}, title=nasty, y_label=nasty)
    assert "<script" not in svg
    assert texts(svg).count(nasty) == 4


def test_no_colour_of_text_is_fixed():
    assert all(
        element.get("fill") == "currentColor" for element in parts(line_plot([CURVE], title="t"), "text")
    )


def test_bars_stand_on_zero_and_have_whiskers():
    svg = bar_plot({"a": 0.5, "b": -0.25, "c": math.nan}, bounds={"a": (0.4, 0.6)})
    first, second = parts(svg, "rect")
    assert float(first.get("y")) + float(first.get("height")) == pytest.approx(
        float(second.get("y")), abs=0.2
    )
    assert float(first.get("height")) == pytest.approx(2 * float(second.get("height")), rel=0.02)
    assert sum(line.get("stroke-width") == "2" for line in parts(svg, "line")) == 1


def test_groups_may_lack_a_series():
    svg = grouped_bars({"exact": {"ours": 0.8, "paper": 0.47}, "typing": {"ours": 0.9}})
    assert len(parts(svg, "rect")) == 3 + 2  # bars and legend


def test_reliability():
    svg = reliability_plot(reliability([0.9, 0.9, 0.3], [1, 0, 0]), ece=0.25)
    assert "ECE 0.250" in texts(svg)
    assert len(parts(svg, "rect")) == 2


@pytest.mark.parametrize(
    "svg",
    [
        line_plot([]),
        line_plot([Series("a", [])]),
        line_plot([Series("a", [(1, 2)])], log_x=True),
        bar_plot({}),
        bar_plot({"a": 0}),
        grouped_bars({"a": {}}),
        reliability_plot([]),
    ],
)
def test_next_to_nothing_still_draws(svg):
    ElementTree.fromstring(svg)


def test_refusals():
    with pytest.raises(ValueError, match="logarithmic"):
        line_plot([Series("a", [(0, 1)])], log_x=True)
    with pytest.raises(ValueError, match="bounds"):
        Series("a", [(0, 1)], [(0, 1), (0, 1)])
    with pytest.raises(ValueError, match="finite"):
        Series("a", [(math.nan, 1)])
