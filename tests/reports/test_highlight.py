import re
from html import unescape
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from silversmith.core import Document, Span
from silversmith.reports.highlight import Mark, compare, escaped, highlight_html, highlight_text

TEXT = "Ada Lovelace of London wrote it."


class Reader(HTMLParser):
    """Collects the text of each mark and checks the nesting of tags."""

    def __init__(self):
        super().__init__()
        self.stack, self.text, self.marks, self.chip = [], "", {}, 0

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.stack.append((tag, values.get("data-k")))
        self.chip += "chip" in values.get("class", "").split()

    def handle_endtag(self, tag):
        assert self.stack.pop()[0] == tag
        if self.chip and tag == "b":
            return
        self.chip = 0 if tag in {"button", "span"} else self.chip

    def handle_data(self, data):
        if self.chip:
            return
        self.text += data
        for tag, key in self.stack:
            if tag == "mark":
                self.marks[key] = self.marks.get(key, "") + data


def drawn(text, spans, **more):
    document = Document("d", text, tuple(spans))
    marks = [Mark(span, **more) for span in document.spans]
    classes = {label: i for i, label in enumerate(sorted({span.label for span in document.spans}))}
    html = highlight_html(document, marks, classes, 7, frozenset())
    reader = Reader()
    reader.feed(html)
    assert not reader.stack
    return document, html, reader


def test_spans_are_marked_with_their_text_type_and_probability():
    _, html, reader = drawn(TEXT, [Span(0, 12, "PER", 0.974), Span(16, 22, "LOC")])
    assert reader.text == TEXT
    assert reader.marks == {"7:0": "Ada Lovelace", "7:1": "London"}
    assert 'data-p="97.4"' in html
    assert "PER <b>97</b>" in html


@st.composite
def spanned(draw):
    text = draw(st.text(st.sampled_from('ab <&\n"é😀'), min_size=1, max_size=30))
    edges = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(edges, edges), max_size=8))
    spans = [Span(min(a, b), max(a, b), draw(st.sampled_from("XYZ"))) for a, b in pairs if a != b]
    return text, spans


@given(spanned())
def test_nested_and_crossing_spans_are_drawn_whole_and_tags_stay_nested(case):
    text, spans = case
    document, _, reader = drawn(text, spans)
    assert reader.text == text
    for index, span in enumerate(document.spans):
        assert reader.marks[f"7:{index}"] == text[span.start : span.end]


@given(spanned())
def test_every_span_has_one_chip(case):
    text, spans = case
    _, html, _ = drawn(text, spans)
    assert html.count('class="chip"') == len(spans)


@given(spanned())
def test_the_plain_terminal_version_keeps_the_text(case):
    text, spans = case
    document = Document("d", text, tuple(spans))
    assert highlight_text(document, []).plain == text
    coloured = highlight_text(document).plain
    assert re.sub(r" [XYZ]", "", coloured) == re.sub(r" [XYZ]", "", text)


def test_the_fragments_of_a_span_are_drawn_apart():
    _, html, reader = drawn("left and right lung", [Span(0, 19, "ORGAN", fragments=((0, 4), (15, 19)))])
    assert reader.marks == {"7:0": "leftlung"}
    assert html.count('class="chip"') == 1


def test_markup_in_text_and_labels_is_shown_as_text():
    _, html, _ = drawn("<script>alert(1)</script>", [Span(0, 8, '<b onclick="x">')])
    assert "<script" not in html
    assert "<b onclick" not in html
    assert "&lt;script&gt;" in html


def test_control_characters_and_broken_emoji_become_visible():
    assert escaped("a\x00\x1bb\tc\r\nd") == "a␀␛b\tc\nd"
    assert escaped("\ud83d!") == "?!"


@given(st.text())
def test_escaping_can_be_undone_for_ordinary_text(text):
    plain = "".join(char for char in text if char.isprintable() and not "\ud800" <= char <= "\udfff")
    assert unescape(escaped(plain)) == plain


def test_compare_tells_right_wrong_type_extra_and_missed():
    found = [Span(0, 3, "PER"), Span(4, 6, "LOC"), Span(7, 9, "ORG")]
    gold = [Span(0, 3, "PER"), Span(4, 6, "ORG"), Span(10, 12, "PER")]
    assert [(mark.span.start, mark.state) for mark in compare(found, gold)] == [
        (0, "right"), (4, "type-wrong"), (7, "extra"), (10, "missed")
    ]  # fmt: skip


def test_a_mark_with_evidence_has_a_button_that_says_what_it_does():
    document = Document("d", TEXT, (Span(0, 3, "PER", 0.5),))
    html = highlight_html(document, [Mark(document.spans[0])], {"PER": 0}, 0, frozenset({0}))
    assert '<button type="button"' in html
    assert 'aria-label="PER, probability 50 %: show why"' in html


def test_without_colour_the_terminal_version_has_brackets():
    document = Document("d", TEXT, (Span(0, 12, "PER", 0.974),))
    assert highlight_text(document, colour=False).plain == "[Ada Lovelace | PER 97%] of London wrote it."
    assert highlight_text(document).plain == "Ada Lovelace PER 97% of London wrote it."
