"""The service under load: 64 clients for ten minutes, beside `silversmith tag` of the same texts.

Each client posts four documents, waits for the answer and posts the next; a 429 is waited out. Clients run on
the same processors. Reported: words a second over those of `tag` (its own account, loading left out), answers
by code, seconds of an answer, and the server's memory once it is warm and at the end.

    python benchmarks/serve.py --tagger FOLDER --text FILE [--minutes 10] [--clients 64]
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from experiments.common import measure, write_result

from silversmith.core import Document
from silversmith.formats import read, write

EACH, WARM = 4, 0.2
"""Documents a request; share of the time after which memory should no longer grow."""


def main() -> None:
    """Measure and write results/benchmarks/serve.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tagger", type=Path, required=True)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--documents", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=64)
    arguments = parser.parse_args()
    documents = [one.with_spans(()) for one in islice(read(arguments.text), arguments.documents)]
    plain = tagged(documents, arguments.tagger)
    load = Load(documents, arguments.tagger)
    load.run(arguments.clients, 60 * arguments.minutes)
    numbers = {"tag_words_per_second": plain, **load.numbers()}
    print(json.dumps(numbers, indent=1))
    measures = {
        "serve.fraction_of_tag": measure(load.words / load.seconds / plain),
        "serve.p99_seconds": measure(numbers["p99"]),
        "serve.memory_growth": measure(numbers["mb_at_the_end"] / numbers["mb_warm"] - 1),
    }
    write_result("benchmarks/serve", measures, data_files=[arguments.text], extra=numbers)


def tagged(documents: Sequence[Document], tagger: Path) -> float:
    """Words a second of the command."""
    with tempfile.TemporaryDirectory() as room:
        write(documents, Path(room) / "in.jsonl")
        command = [sys.executable, "-m", "silversmith", "tag", "in.jsonl", "--tagger", str(tagger.resolve())]
        done = subprocess.run([*command, "--json"], cwd=room, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["words_per_second"])


class Load:
    """A server, its clients and what they saw."""

    def __init__(self, documents: Sequence[Document], tagger: Path) -> None:
        self.documents = documents
        self.codes: Counter[int] = Counter()
        self.taken: list[float] = []
        self.words, self.seconds, self.lock = 0, 0.0, threading.Lock()
        self.memory: list[tuple[float, float]] = []
        command = [sys.executable, "-m", "silversmith", "serve", "--tagger", str(tagger), "--port", "0"]
        self.server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.server.stderr is not None
        while "http://" not in (line := self.server.stderr.readline()):
            assert line, "the server ended"
        self.port = int(line.split("http://", 1)[1].split("/", 1)[0].rsplit(":", 1)[1])

    def run(self, clients: int, seconds: float) -> None:
        """Load it, then stop it as a person would."""
        begin = time.monotonic()
        threads = [threading.Thread(target=self.client, args=(n, begin + seconds)) for n in range(clients)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self.memory.append((time.monotonic() - begin, self.resident()))
            time.sleep(min(5.0, seconds / 20))
        self.seconds = time.monotonic() - begin
        self.server.send_signal(signal.SIGINT)
        self.codes[-self.server.wait(30)] += self.server.returncode != 0

    def client(self, number: int, until: float) -> None:
        """Post and wait, until the time is up."""
        draw = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        while time.monotonic() < until:
            chosen = draw.sample(self.documents, EACH)
            body = json.dumps({"documents": [{"id": one.id, "text": one.text} for one in chosen]})
            begin = time.monotonic()
            try:
                connection.request("POST", "/label", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                found: dict[str, Any] = json.loads(answer.read())
            except (OSError, ValueError, http.client.HTTPException):
                with self.lock:
                    self.codes[0] += 1
                connection.close()
                continue
            with self.lock:
                self.codes[answer.status] += 1
                if answer.status == 200:
                    assert [one["id"] for one in found["documents"]] == [one.id for one in chosen]
                    self.words += sum(len(one.text.split()) for one in chosen)
                    self.taken.append(time.monotonic() - begin)
            if answer.status == 429:
                time.sleep(float(answer.headers.get("Retry-After", 1)) * (1 + draw.random()))
        connection.close()

    def resident(self) -> float:
        """MB of the server."""
        text = Path(f"/proc/{self.server.pid}/status").read_text("utf-8")
        return next(float(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS"))

    def numbers(self) -> dict[str, Any]:
        """Plain values. Code 0: a line that broke; a negative code: how the server ended, if not well."""
        warm = [mb for at, mb in self.memory if at > WARM * self.seconds]
        quantiles = np.quantile(self.taken, [0.5, 0.99])
        return {
            "requests": len(self.taken), "codes": {str(code): n for code, n in self.codes.items() if n},
            "words_per_second": self.words / self.seconds, "p50": quantiles[0], "p99": quantiles[1],
            "mb_warm": float(np.mean(warm[: max(1, len(warm) // 10)])), "mb_at_the_end": warm[-1],
        }  # fmt: skip


if __name__ == "__main__":
    main()
