"""The review page of 5,000 spans: seconds to the first paint in headless Chromium, from a cold start of the
page.

The server runs already (it has opened the set); each of five runs is a fresh browser context. Needs Debian's
chromium and playwright.

    python benchmarks/review.py
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from experiments.common import measure, write_result

ROOT = Path(__file__).resolve().parent.parent
SPANS, RUNS = 5000, 5


def silver(path: Path) -> None:
    """Documents of ten spans in a hundred words each."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(SPANS // 10):
            words = [f"word{n}" if n % 10 else f"Name{number}x{n}" for n in range(100)]
            text, spans, at = " ".join(words), [], 0
            for n, word in enumerate(words):
                if n % 10 == 0:
                    score = round(0.5 + (number * 10 + n) % 97 / 200, 3)
                    spans.append({"start": at, "end": at + len(word), "label": "PER", "score": score})
                at += len(word) + 1
            file.write(json.dumps({"id": f"d{number}", "text": text, "spans": spans}) + "\n")


def paints(address: str) -> list[float]:
    """Milliseconds from the start of navigation to the first contentful paint."""
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(RUNS):
            page = browser.new_context().new_page()
            page.goto(address)
            page.wait_for_selector("#span")
            entries: list[float] = []
            while not entries:
                script = "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)"
                entries = page.evaluate(script)
                time.sleep(0.05)
            found.append(entries[0])
        browser.close()
    return found


def main() -> None:
    """Measure and write results/benchmarks/review.json."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with tempfile.TemporaryDirectory() as room:
        silver(Path(room) / "silver.jsonl")
        command = [sys.executable, "-m", "silversmith", "review", "silver.jsonl", "--port", "0"]
        server = subprocess.Popen(command, cwd=room, env=environment, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            found = paints(line[line.index("http://") :].split()[0])
        finally:
            server.kill()
            server.wait()
    seconds = [one / 1000 for one in found]
    print(f"first paint of {SPANS:,} spans: {statistics.median(seconds):.3f} s")
    write_result(
        "benchmarks/review",
        {"review.first_paint_seconds": measure(statistics.median(seconds), min(seconds), max(seconds))},
        extra={"spans": SPANS, "seconds": seconds},
    )


if __name__ == "__main__":
    main()
