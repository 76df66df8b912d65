import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

from report_samples import TEXT, TYPES, sample, sample_evidence, sample_vote

from silversmith.core import Document, Evidence, Leaf, Vote
from silversmith.reports.explanation import explanation_html, leaf_examples

CLASSES = {label: number for number, label in enumerate(TYPES)}
DOCUMENT = Document("letter", TEXT)


class Rows(HTMLParser):
    """The cells of every table, as text."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.inside = [], False
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def shown(vote, **more):
    return explanation_html(DOCUMENT, vote, vote.evidence, CLASSES, **more)


def test_the_three_best_labels_are_shown_with_their_probabilities():
    vote = sample_vote(0, 12, "PER")
    html = shown(vote)
    for label, value in vote.top(3):
        assert f"<span>{'no entity' if label == 'O' else label}</span>" in html
        assert f"<b>{100 * value:.1f} %</b>" in html
    assert "Ada Lovelace" in html
    assert "document letter, characters 0 to 12, source features" in html


def test_the_printed_parts_of_each_label_add_up_to_its_score_and_probability():
    vote = sample_vote(0, 12, "PER")
    rows = Rows(shown(vote)).rows
    head = next(row for row in rows if row[0] == "part")
    first = rows.index(head) + 1
    score = next(i for i, row in enumerate(rows) if row[0] == "score")
    for column, label in enumerate(head[1:], start=1):
        values = [float(row[column].replace("−", "-")) for row in rows[first : score + 3]]
        assert abs(sum(values[:-3]) - values[-3]) < 1e-9
        assert abs(values[-3] + values[-2] - values[-1]) < 1e-9
        chance = dict(vote.top(9))["O" if label == "no entity" else label]
        assert rows[score + 3][column] == f"{100 * chance:.1f} %"


def test_each_bar_starts_where_the_one_above_ended():
    html = shown(sample_vote(0, 12, "PER"))
    bars = [
        (float(left), float(width), "n" in sign)
        for sign, left, width in re.findall(
            r"<td( class=n)?>[^<]*<i style=\"--l:([\d.]+)%;--w:([\d.]+)%\"", html
        )
    ]
    column = bars[::3][:6]
    for (left, width, back), (next_left, next_width, next_back) in itertools.pairwise(column):
        end = left if back else left + width
        start = next_left + next_width if next_back else next_left
        assert abs(end - start) < 0.25


def test_a_sum_that_is_not_the_probability_is_called_out():
    vote = sample_vote(0, 12, "PER")
    assert 'class="warning"' not in shown(vote)
    leaves = (*vote.evidence.leaves, Leaf("forgotten", {"PER": 0.5}))
    wrong = replace(vote, evidence=replace(vote.evidence, leaves=leaves))
    assert "do not add up" in shown(wrong)


def test_examples_ablation_rules_and_links_are_shown():
    html = shown(sample_vote(0, 12, "PER"))
    assert "Grace Hopper" in html
    assert "without its 2 strongest" in html
    assert "95.0 %" in html
    assert "20.0 %" in html
    assert "rule: a title stands before it" in html
    assert '<a href="https://example.org/3" rel="noopener noreferrer">latent 3, span</a>' in html
    assert "value 1.5" in html


def test_a_link_that_is_no_https_link_is_no_link():
    leaf = Leaf("x", {"PER": 1.0}, {"link": "javascript:alert(1)"})
    vote = Vote("letter", 0, 3, {"PER": 0.5}, "s", Evidence((leaf,)))
    assert "javascript:" not in shown(vote)


def test_shared_examples_are_stored_once_and_left_out_of_the_section():
    shared = {}
    html = shown(sample_vote(0, 12, "PER"), shared=shared)
    assert "Grace Hopper" not in html
    assert "Grace Hopper" in shared["latent 1, span"]
    assert '<ul data-leaf="latent 1, span"></ul>' in html


def test_everything_a_source_says_is_escaped():
    bad = "<img src=x onerror=alert(1)>"
    leaf = Leaf(bad, {"PER": 1.0, bad: 0.5}, {"link": f'https://a"{bad}', bad: bad})
    support = (
        {"kind": bad, "text": bad},
        {"kind": "ablation", "label": bad, "probability": 0.5},
        {"kind": "examples", bad: bad, "spans": [{"left": bad, "text": bad, "right": bad, "label": bad}]},
    )
    vote = Vote(bad, 0, 3, {"PER": 0.5, bad: 0.3}, bad, Evidence((leaf,), {}, support))
    html = explanation_html(Document(bad, bad), vote, vote.evidence, {"PER": 0, bad: 1})
    assert "<img" not in html
    assert 'https://a"' not in html


def test_examples_belong_to_the_leaf_whose_detail_they_name():
    found = leaf_examples(sample_evidence("PER"))
    assert list(found) == ["latent 1, span"]


def test_evidence_without_leaves_or_calibration_still_makes_a_section():
    vote = Vote("letter", 0, 3, {"PER": 0.5}, "dictionary", Evidence(()))
    assert "PER" in shown(vote)


def test_a_whole_document_of_votes_has_one_section_each():
    document, votes = sample()
    assert all(explanation_html(document, one, one.evidence, CLASSES).count("<section") == 1 for one in votes)
