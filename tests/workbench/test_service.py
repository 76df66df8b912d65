"""The service: labels over HTTP, batches, back-pressure, limits, metrics, a graceful end."""

import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from silversmith.core import Span
from silversmith.workbench.batching import Batcher, FullError

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")


def capitals(documents):
    """Each capital letter is a span."""
    return [
        one.with_spans(Span(n, n + 1, "CAP", 0.5) for n, char in enumerate(one.text) if char.isupper())
        for one in documents
    ]


class Served:
    """A service in a thread."""

    def __init__(self, labels=capitals, most=1024, batch=64, **limits):
        import uvicorn

        from silversmith.workbench.service import make_service
        from silversmith.workbench.serving import bind, hosts_of

        self.listening = bind(0)
        self.batcher = Batcher(labels, most=most, batch=batch)
        app = make_service(self.batcher, hosts=hosts_of(self.listening), **limits)
        config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=lambda: self.server.run(sockets=[self.listening]), daemon=True)
        self.thread.start()
        self.base = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        while not self.server.started:
            time.sleep(0.01)

    def ask(self, path, body=None, **headers):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def stop(self):
        self.server.should_exit = True
        self.thread.join(20)
        self.batcher.close()


@pytest.fixture
def served():
    one = Served()
    yield one
    one.stop()


def test_spans_come_back_in_order(served):
    status, text, _ = served.ask("/label", {"documents": [{"id": "x", "text": "aB"}, {"text": "😀C"}]})
    assert status == 200
    assert json.loads(text) == {
        "documents": [
            {"id": "x", "spans": [{"start": 1, "end": 2, "label": "CAP", "score": 0.5}]},
            {"id": "", "spans": [{"start": 1, "end": 2, "label": "CAP", "score": 0.5}]},
        ]
    }
    assert json.loads(served.ask("/health")[1])["status"] == "ok"
    assert "documents" in json.loads(served.ask("/schema")[1])["request"]["properties"]
    assert 'silversmith_requests_total{code="200"} 1' in served.ask("/metrics")[1]


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"no json", {}, 400),
        ({"documents": []}, {}, 400),
        ({"documents": [{"text": 3}]}, {}, 400),
        ({"texts": ["a"]}, {}, 400),
        ({"documents": [{"text": "a"}] * 300}, {}, 413),
        (b"x" * (11 << 20), {}, 413),
        ({"documents": [{"text": "a"}]}, {"Origin": "http://evil.example"}, 403),
        ({"documents": [{"text": "a"}]}, {"Host": "evil.example"}, 403),
    ],
)
def test_wrong_requests(served, body, headers, code):
    try:
        assert served.ask("/label", body, **headers)[0] == code
    except urllib.error.URLError:  # it stopped reading a body that is too large
        assert code == 413
    assert served.ask("/label", {"documents": [{"text": "A"}]})[0] == 200


def test_many_clients_are_labelled_together_and_rightly():
    sizes = []

    def slow(documents):
        sizes.append(len(documents))
        time.sleep(0.02)
        return capitals(documents)

    served = Served(slow)
    try:
        with ThreadPoolExecutor(16) as pool:
            texts = ["A" * (n % 7) for n in range(160)]
            found = list(pool.map(lambda text: served.ask("/label", {"documents": [{"text": text}]}), texts))
        assert [one[0] for one in found] == [200] * 160
        assert [len(json.loads(one[1])["documents"][0]["spans"]) for one in found] == [len(t) for t in texts]
        assert max(sizes) > 1
    finally:
        served.stop()


def test_too_many_that_wait_are_told_to_come_back():
    gate = threading.Event()

    def held(documents):
        gate.wait(20)
        return capitals(documents)

    served = Served(held, most=2, batch=1)
    try:
        with ThreadPoolExecutor(8) as pool:
            futures = [pool.submit(served.ask, "/label", {"documents": [{"text": "A"}]}) for _ in range(8)]
            time.sleep(0.5)
            gate.set()
            found = [one.result() for one in futures]
        codes = sorted(one[0] for one in found)
        assert codes == [200, 200, 429, 429, 429, 429, 429, 429]
        assert all(one[2]["Retry-After"] for one in found if one[0] == 429)
        assert served.ask("/label", {"documents": [{"text": "A"}]})[0] == 200
    finally:
        served.stop()


def test_a_request_that_takes_too_long():
    served = Served(lambda documents: time.sleep(0.6) or capitals(documents), seconds=0.1)
    try:
        assert served.ask("/label", {"documents": [{"text": "A"}]})[0] == 503
    finally:
        served.stop()


def test_a_document_that_breaks_the_labeller_fails_alone():
    def picky(documents):
        if any("bad" in one.text for one in documents):
            raise ValueError("bad")
        return capitals(documents)

    batcher = Batcher(picky, wait=0.2)
    from silversmith.core import Document

    good, bad = batcher.submit([Document("a", "A")]), batcher.submit([Document("b", "bad")])
    assert len(good.result(10)[0].spans) == 1
    with pytest.raises(ValueError, match="bad"):
        bad.result(10)
    assert batcher.waiting == 0
    batcher.close()


def test_one_request_larger_than_the_queue_passes_when_nothing_waits():
    from silversmith.core import Document

    batcher = Batcher(capitals, most=2)
    assert len(batcher.submit([Document(str(n), "A") for n in range(5)]).result(10)) == 5
    gate = threading.Event()
    slow = Batcher(lambda documents: gate.wait(10) and capitals(documents), most=2)
    first = slow.submit([Document("a", "A"), Document("b", "A")])
    with pytest.raises(FullError):
        slow.submit([Document("c", "A")])
    gate.set()
    assert len(first.result(10)) == 2
    batcher.close()
    slow.close()


def test_the_command_serves_a_dictionary_and_ends_cleanly(tmp_path):
    (tmp_path / "terms.tsv").write_text("London\tLOC\n")
    code = "import sys; from silversmith.cli.main import run; run(sys.argv[1:])"
    command = [sys.executable, "-c", code, "serve", "--dictionary", "terms.tsv", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        line = process.stderr.readline()
        address = line[line.index("http://") :].split(";")[0]
        body = json.dumps({"documents": [{"text": "In London"}]}).encode()
        for _ in range(100):
            try:
                with urllib.request.urlopen(urllib.request.Request(address, body), timeout=10) as answer:
                    found = json.loads(answer.read())
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        assert found["documents"][0]["spans"][0]["label"] == "LOC"
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in {0, 130, -2}
        assert "Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


CONFIG = (
    '<View><Labels name="ner" toName="body"><Label value="CAP"/><Label value="X"/></Labels>'
    '<Text name="body" value="$article"/></View>'
)


def test_label_studio_gets_predictions_by_its_configuration(served):
    code, answer, _ = served.ask("/setup", {"project": "1.2", "schema": CONFIG})
    assert (code, set(json.loads(answer))) == (200, {"model_version"})
    tasks = [{"id": 7, "data": {"article": "Ada ran"}}, {"data": {"article": "none"}}]
    code, answer, _ = served.ask("/predict", {"tasks": tasks, "label_config": CONFIG, "params": {}})
    assert code == 200
    first, second = json.loads(answer)["results"]
    (region,) = first["result"]
    assert region["value"] == {"start": 0, "end": 1, "text": "A", "labels": ["CAP"]}
    assert (region["from_name"], region["to_name"], region["score"]) == ("ner", "body", 0.5)
    assert (first["score"], second["result"]) == (0.5, [])
    assert served.ask("/webhook", {"action": "ANNOTATION_CREATED"})[0] == 200
    others = CONFIG.replace('"CAP"', '"Y"')
    code, answer, _ = served.ask("/predict", {"tasks": tasks, "label_config": others})
    assert json.loads(answer)["results"][0]["result"] == []  # a label that is not offered


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("<View>", "no XML"),
        ("<View><Text name='t' value='$text'/></View>", "no Labels for a Text"),
        ('<!DOCTYPE v [<!ENTITY a "b">]><View/>', "entities"),
        (None, "no text under 'text'"),
    ],
)
def test_label_studio_is_told_what_is_wrong(served, config, why):
    code, answer, _ = served.ask("/predict", {"tasks": [{"data": {"article": "A"}}], "label_config": config})
    assert code == 400
    assert why in answer
