import io

from report_samples import sample, sample_vote
from rich.console import Console

from silversmith.core import Document, Evidence, Vote
from silversmith.reports.terminal import explanation_lines


def printed(document, vote, **more):
    console = Console(file=io.StringIO(), width=120, color_system=None)
    for line in explanation_lines(document, vote, vote.evidence, **more):
        console.print(line)
    return console.file.getvalue()


def test_the_terminal_shows_what_the_page_shows():
    document, (vote, *_) = sample()
    text = printed(document, vote)
    for part in (
        "“Ada Lovelace”",
        "PER",
        "latent 1, span",
        "bias",
        "score",
        "calibration",
        "log probability",
    ):
        assert part in text
    assert "Grace Hopper" in text
    assert "without its 2 strongest latents PER falls from 95.0 % to 20.0 %" in text
    assert "rule: a title stands before it" in text


def test_smaller_parts_are_drawn_together():
    document, (vote, *_) = sample()
    assert "3 smaller parts" in printed(document, vote, limit=3)
    assert "smaller" not in printed(document, vote, limit=None)


def test_square_brackets_in_a_text_are_no_markup():
    document = Document("[red]d[/]", "[bold]x[/bold] y")
    vote = Vote(
        document.id, 0, 7, {"[red]": 0.5}, "[blue]s", Evidence((), {}, ({"kind": "rule", "text": "[i]"},))
    )
    text = printed(document, vote)
    assert "[bold]x" in text
    assert "[red]" in text
    assert "[i]" in text


def test_the_sum_is_shown_for_the_labels_asked_for():
    vote = sample_vote(0, 12, "PER")
    text = printed(Document("letter", "Ada Lovelace wrote"), vote, top=1)
    assert "ORG" not in text
