"""Annotating 10,000 sentences at 32 connections against a server that fails, through a kill -9.

The server (the tests' own, on the loopback) answers 5 % of the requests each with 429, 500, a cut line, prose
and half a JSON. The command is killed with -9 after 3,000 requests and started again. Counted: documents lost
or doubled in the output, and sentences whose last proper answer is not in it.

    python benchmarks/annotate.py
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "sources" / "llm"))

from chat_server import Server
from experiments.common import measure, write_result

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS, CONNECTIONS, KILLED = 10_000, 32, 3_000
BAD = {0: 429, 1: 500, 2: "cut", 3: "Here is what I found in this text.", 4: '{"entities": [{"phrase": "A'}


def behave(number: int, text: str) -> object:
    """Every twentieth request fails in each of five ways."""
    return BAD.get(number % 20)


def main() -> None:
    """Run, count, write results/benchmarks/annotate.json."""
    server = Server(behave)
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        records = [{"id": f"d{n}", "text": f"Ada{n} met Bob{n} today."} for n in range(DOCUMENTS)]
        (folder / "in.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
        command = [sys.executable, "-m", "silversmith", "annotate", "in.jsonl", "--url", server.url]
        command += ["--concurrency", str(CONNECTIONS), "--out", "out.jsonl", "--json"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "SILVERSMITH_QUIET": "1"}
        begin = time.monotonic()
        begun = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL)
        while len(server.asked) < KILLED and begun.poll() is None:
            time.sleep(0.01)
        os.kill(begun.pid, signal.SIGKILL)
        begun.wait()
        at_kill = len(server.asked)
        done = subprocess.run(
            command, cwd=folder, env=environment, check=True, capture_output=True, text=True
        )
        seconds = time.monotonic() - begin
        counts = json.loads(done.stdout)
        found = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
        answers = [json.loads(line) for line in (folder / "out.jsonl.answers.jsonl").read_text().splitlines()]
    server.close()
    ids = [one["id"] for one in found]
    lost, doubled = len({one["id"] for one in records} - set(ids)), len(ids) - len(set(ids))
    doubled_answers = len(answers) - len({one["key"] for one in answers})
    bad = {"Here is what I found in this text.", '{"entities": [{"phrase": "A'}
    proper = sum(one["answer"]["text"] not in bad for one in answers)
    unlike = abs(proper - sum(len(one["spans"]) == 2 for one in found))
    print(f"{len(found):,} documents, lost {lost}, doubled {doubled}, {DOCUMENTS / seconds:.0f} a second")
    write_result(
        "benchmarks/annotate",
        {"annotate.lost_or_doubled": measure(lost + doubled + doubled_answers + unlike)},
        extra={
            "documents": len(found), "requests": len(server.asked), "asked_at_kill": at_kill,
            "proper_answers": proper, "seconds": seconds, "second_run": counts,
        },
    )  # fmt: skip


if __name__ == "__main__":
    main()
