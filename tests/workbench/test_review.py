"""The review page: what its addresses answer, whom they refuse, and a person at the keyboard."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
from review_silver import BAD, silver

from silversmith.formats import write

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
SERVER = """
import sys
from silversmith.cli.main import run
run(["review", *sys.argv[1:]])
"""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Running:
    """`silversmith review` in a process of its own."""

    def __init__(self, folder, *words):
        self.folder, self.words = folder, words
        self.start()

    def start(self):
        command = [
            sys.executable,
            "-c",
            SERVER,
            str(self.folder / "silver.jsonl"),
            "--port",
            "0",
            *self.words,
        ]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        line = self.process.stderr.readline()
        assert "http://" in line, line + self.process.stderr.read()
        self.address = line[line.index("http://") :].split()[0]
        self.base, self.token = self.address.split("/?token=")

    def ask(self, path, body=None, **headers):
        request = urllib.request.Request(
            self.base + path, None if body is None else json.dumps(body).encode()
        )
        request.add_header("Cookie", f"silversmith={self.token}")
        if body is not None:
            request.add_header("Origin", self.base)
        for name, value in headers.items():
            request.add_header(name, value)
        for _ in range(50):  # until it listens
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.status, answer.read().decode(), answer.headers
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode(), error.headers
            except OSError:
                time.sleep(0.1)
        raise AssertionError("it does not answer")

    def json(self, path, body=None):
        return json.loads(self.ask(path, body)[1])

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


@pytest.fixture
def running(tmp_path):
    write(silver(), tmp_path / "silver.jsonl")
    one = Running(tmp_path)
    yield one
    one.kill()


def test_a_review_by_its_addresses(running):
    status, page, headers = running.ask("/")
    assert status == 200
    assert BAD not in page  # markup of the text is masked
    assert "unsafe-eval" not in headers["content-security-policy"]
    case = running.json("/api/next")["case"]
    shown = "".join(list(case["text"])[case["start"] : case["end"]])
    assert shown == "Anna"
    found = running.json("/api/decide", {"span": case["number"], "action": "accept"})
    assert found["progress"]["accepted"] == 1
    assert found["case"]["number"] != case["number"]
    why = running.json(f"/api/why?span={found['case']['number']}")["html"]
    assert "<script" not in why
    alike = running.json(f"/api/similar?span={found['case']['number']}")
    assert alike["count"] == len(alike["passages"])
    undone = running.json("/api/undo", {})
    assert undone["case"]["number"] == case["number"]


def test_foreign_requests_are_refused(running):
    port = running.base.rpartition(":")[2]
    cases = [
        ("/", None, {"Host": "evil.example"}, 403),
        ("/", None, {"Host": f"evil.example:{port}"}, 403),
        ("/", None, {"Cookie": "silversmith=wrong"}, 401),
        ("/api/undo", {}, {"Origin": "http://evil.example"}, 403),
        ("/api/undo", {}, {"Origin": "null"}, 403),
        ("/api/decide", {"span": 0, "action": "delete"}, {}, 400),
        ("/api/decide", ["no object"], {}, 400),
        ("/api/why?span=x", None, {}, 400),
        ("/api/decide", {"span": 0, "action": "accept", "more": "x" * (1 << 20)}, {}, 413),
        ("/nothing", None, {}, 404),
    ]
    for path, body, headers, expected in cases:
        assert running.ask(path, body, **headers)[0] == expected, (path, headers)
    assert running.json("/api/progress")["decided"] == 0


def test_decisions_survive_kill_nine(running):
    for _ in range(5):
        case = running.json("/api/next")["case"]
        running.json("/api/decide", {"span": case["number"], "action": "reject"})
    running.kill()
    running.start()
    assert running.json("/api/progress")["rejected"] == 5


def test_a_port_in_use_is_told(running, tmp_path):
    port = running.base.rpartition(":")[2]
    command = [sys.executable, "-c", SERVER, str(tmp_path / "silver.jsonl"), "--port", port]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "B020" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_was_decided_comes_out(running, tmp_path):
    case = running.json("/api/next")["case"]
    running.json("/api/decide", {"span": case["number"], "action": "reject", "similar": True})
    command = [
        sys.executable,
        "-c",
        SERVER,
        "silver.jsonl",
        "--export",
        "out.jsonl",
        "--terms",
        "t.tsv",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["rejected"] == 12
    assert Path(tmp_path / "t.tsv").read_text() == "Anna\tPER\twrong\n"
    kept = [json.loads(line) for line in Path(tmp_path / "out.jsonl").read_text().splitlines()]
    assert all(len(one["spans"]) == 2 for one in kept)


needs_browser = pytest.mark.skipif(
    not (CHROMIUM and find_spec("playwright")), reason="needs Debian's chromium and playwright"
)


@needs_browser
def test_a_hundred_decisions_by_keyboard(tmp_path):
    from playwright.sync_api import sync_playwright

    write(silver(1700), tmp_path / "silver.jsonl")
    running = Running(tmp_path)
    try:
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            page = browser.new_page()
            wrong = []
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("dialog", lambda dialog: wrong.append("a script of the text ran"))
            page.goto(running.address)
            page.wait_for_selector("#span")
            paint = page.evaluate("performance.getEntriesByType('paint').map(one => one.startTime)")
            assert max(paint) < 1000
            keys = "axa1a"
            for number in range(125):  # a quarter of them only skip
                page.keyboard.press("n" if number % 5 == 4 else keys[number % 4])
            _until(lambda: running.json("/api/progress")["decided"] == 100)
            page.keyboard.press("u")
            _until(lambda: page.inner_text("#said").startswith("taken"))
            before = running.json("/api/progress")
            page.reload()
            page.wait_for_selector("#span")
            running.kill()
            running.start()
            assert running.json("/api/progress") == before
            assert not wrong
            browser.close()
    finally:
        running.kill()


def _until(true, seconds=60):
    """Wait for something."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
