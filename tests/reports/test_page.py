import base64
import hashlib
import json
import re
import shutil
import subprocess
import time
from dataclasses import replace

import pytest
from report_samples import gold, sample

from silversmith.core import Document, Span, Vote
from silversmith.reports import write_explanation, write_report
from silversmith.reports.page import data_script
from silversmith.reports.table import Table

BAD = '</script><script>alert(1)</script><!-- <img src=x onerror="alert(2)"> &amp; \u2028'
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def scripts(page):
    """Attributes and content of each script element, as a browser parses them."""
    return re.findall(r"<script([^>]*)>(.*?)</script", page, re.DOTALL | re.IGNORECASE)


def report(folder, name="report.html", **more):
    document, votes = sample()
    return write_report(folder / name, "Silver", [document], votes, **more).read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_outside(tmp_path):
    page = report(tmp_path, gold={"letter": gold()})
    targets = re.findall(r"""(?:src|href|action)\s*=\s*\\?["']?([^"'\\>]*)""", page)
    assert targets
    assert all(target == "#main" or target.startswith("https://example.org/") for target in targets)
    assert not re.search(r"@import|url\(", page)
    assert "default-src 'none'" in page


def test_the_one_script_is_the_one_that_the_policy_allows(tmp_path):
    page = report(tmp_path)
    code = [content for attributes, content in scripts(page) if not attributes]
    assert len(code) == 1
    digest = base64.b64encode(hashlib.sha256(code[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_evidence_lies_in_the_page_as_data(tmp_path):
    page = report(tmp_path)
    data = {
        attributes.split('id="')[1][:-1]: json.loads(content)
        for attributes, content in scripts(page)
        if attributes
    }
    assert data.keys() == {"why-0", "leaves"}
    assert data["why-0"].keys() == {"0", "1", "2"}
    assert "How the score comes together" in data["why-0"]["0"]
    assert "Grace Hopper" in data["leaves"]["latent 1, span"]


def test_a_span_without_evidence_has_no_button(tmp_path):
    document, votes = sample()
    bare = [replace(vote, evidence=None) for vote in votes]
    page = write_report(tmp_path / "p.html", "t", [document], bare).read_text(encoding="utf-8")
    assert '<button type="button" class="chip"' not in page
    assert "why-0" not in page


def test_explain_is_asked_only_for_drawn_spans(tmp_path):
    document, votes = sample()
    asked = []

    def explain(document, vote):
        asked.append((vote.start, vote.end))
        return votes[0].evidence

    more = Vote("letter", 53, 57, {"PER": 0.1}, "features")
    bare = [*(replace(vote, evidence=None) for vote in votes), more]
    write_report(tmp_path / "p.html", "t", [document], bare, explain=explain)
    assert sorted(asked) == [(0, 12), (26, 49), (43, 49)]


def test_gold_marks_what_is_right_wrong_and_missed(tmp_path):
    page = report(tmp_path, gold={"letter": gold()})
    assert re.search(r'<mark class="t\d right"', page)
    assert re.search(r'<mark class="t\d type-wrong"', page)
    assert re.search(r'<mark class="t\d missed"', page)
    assert 'id="mistakes"' in page
    assert 'id="mistakes"' not in report(tmp_path, "without.html")


def test_hostile_text_stays_text(tmp_path):
    vote = Vote(BAD, 0, 9, {BAD: 0.6}, BAD, sample()[1][0].evidence)
    document = Document(BAD, BAD, (Span(0, 9, BAD, 0.6), Span(3, 30, "X")))
    table = Table(BAD, [BAD, BAD], [[BAD, BAD]])
    page = write_report(
        tmp_path / "p.html",
        BAD,
        [document],
        [vote],
        tables=[table],
        facts=[BAD],
        gold={BAD: [Span(1, 4, BAD)]},
    ).read_text(encoding="utf-8")
    assert len([1 for attributes, _ in scripts(page) if not attributes]) == 1
    assert "<img" not in page
    assert "alert(1)" in page
    why = write_explanation(tmp_path / "e.html", BAD, document, [vote], [BAD]).read_text(encoding="utf-8")
    assert "<script" not in why
    assert "<img" not in why


@pytest.mark.parametrize(
    "text", ["</script>", "</SCRIPT >", "<!--", "<script>", "<!-- <SCRIPT>", "\u2028", "\\"]
)
def test_no_text_leaves_its_data_script(text):
    html = data_script("x", {text: text})
    body = html.removeprefix('<script type="application/json" id="x">').removesuffix("</script>\n")
    assert not re.search(r"</script|<!--|<script", body, re.IGNORECASE)
    assert json.loads(body) == {text: text}


def test_a_page_that_fails_leaves_the_old_one(tmp_path):
    path = tmp_path / "p.html"
    path.write_text("old")
    document, votes = sample()

    def explain(document, vote):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        write_report(path, "t", [document], [replace(one, evidence=None) for one in votes], explain=explain)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_explanation_page_shows_every_part_without_a_script(tmp_path):
    document, votes = sample()
    page = write_explanation(tmp_path / "why.html", "Why", document, votes).read_text(encoding="utf-8")
    assert scripts(page) == []
    assert page.count('<section class="why">') == 3
    assert "Grace Hopper" in page


def test_reading_order_and_names_for_screen_readers(tmp_path):
    page = report(tmp_path)
    assert '<html lang="en">' in page
    assert (
        page.index("<header>")
        < page.index('<main id="main">')
        < page.index("<article>")
        < page.index("<aside")
    )
    assert 'aria-live="polite"' in page
    assert re.search(
        r'<button type="button" class="chip" aria-label="PER, probability \d+ %: show why">', page
    )


def test_many_spans_stay_a_page_of_bounded_size(tmp_path):
    one, votes = sample()
    documents = [replace(one, id=f"d{n}") for n in range(300)]
    everything = [replace(vote, document_id=f"d{n}") for n in range(300) for vote in votes]
    begin = time.perf_counter()
    path = write_report(tmp_path / "p.html", "t", documents, everything)
    assert time.perf_counter() - begin < 20
    assert path.stat().st_size < 300 * 3 * 6000
    assert path.read_text(encoding="utf-8").count("Grace Hopper") == 1


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open the page with")
def test_a_browser_opens_the_evidence_of_the_span_clicked(tmp_path):
    page = report(tmp_path)
    click = "document.querySelector('mark[data-k=\"0:0\"] button').click()"
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    path = tmp_path / "clicked.html"
    path.write_text(page.replace("</body>", f"<script>{click}</script></body>"), encoding="utf-8")
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
    ]
    dom = subprocess.run(
        [CHROMIUM, *options, path.as_uri()], capture_output=True, text=True, timeout=120
    ).stdout
    pane = dom[dom.index('<div id="evidence"') :]
    assert "Ada Lovelace</h3>" in pane
    assert "Grace Hopper" in pane.split("</aside>")[0]
    assert re.search(r'<output id="shown"[^>]*>3 of 3 spans', dom)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open the page with")
def test_a_browser_runs_no_script_from_a_text(tmp_path):
    title = "</title><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">"
    document = Document(title, title, (Span(0, 5, title, 0.5),))
    path = write_report(tmp_path / "p.html", "calm", [document], facts=[title])
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
    ]
    dom = subprocess.run(
        [CHROMIUM, *options, path.as_uri()], capture_output=True, text=True, timeout=120
    ).stdout
    assert "<title>calm</title>" in dom
    assert "<img" not in dom
