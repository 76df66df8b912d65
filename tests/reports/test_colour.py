import re

from hypothesis import given
from hypothesis import strategies as st

from silversmith.reports.colour import colour_css, hues, terminal_style


@given(st.sets(st.text(min_size=1, max_size=12).filter(lambda name: name != "O"), max_size=40))
def test_every_label_gets_a_hue_whatever_the_order(labels):
    chosen = hues(labels)
    assert set(chosen) == labels
    assert all(0 <= hue < 360 for hue in chosen.values())
    assert chosen == hues(sorted(labels, reverse=True))


def test_a_usual_type_has_the_same_colour_on_every_page():
    assert hues(["PER"])["PER"] == hues(["LOC", "PER", "Disease"])["PER"] == hues(["Person"])["Person"]


def test_types_of_one_page_are_well_apart():
    chosen = list(hues(["Disease", "Drug", "Gene", "Cell", "Organ", "Dose"]).values())
    gaps = [min((a - b) % 360, (b - a) % 360) for i, a in enumerate(chosen) for b in chosen[:i]]
    assert min(gaps) >= 30


def test_outside_has_no_colour():
    assert hues(["O", "PER"]).keys() == {"PER"}


def test_css_has_one_rule_a_label():
    assert colour_css({"A": 10, "B": 200}) == ".t0{--h:10}.t1{--h:200}"


def test_terminal_tints_are_pale_enough_for_black_text():
    for hue in range(0, 360, 15):
        red, green, blue = (int(part, 16) for part in re.findall("[0-9a-f]{2}", terminal_style(hue)[-6:]))
        assert 0.2126 * red + 0.7152 * green + 0.0722 * blue > 150
