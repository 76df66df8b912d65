"""A chat server of the tests' own, on the loopback: it answers well, or badly in a chosen way."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def good(text):
    """Every capitalised word is a name."""
    words = [word.strip(".,") for word in text.split()]
    return "\n".join(f"{word} <> name <> a name" for word in words if word[:1].isupper())


class Server:
    """url; asked: texts in order of arrival. behave(number, text) -> what to do with a request: None (answer
    well), a string (this answer), an int (this status), ("slow", seconds), "cut", ("raw", bytes)."""

    def __init__(self, behave=lambda number, text: None, retry_after=None):
        self.asked, self.keys, self.lock = [], [], threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = body["messages"][0]["content"].rpartition("Text: ")[2].strip()
                with outer.lock:
                    outer.asked.append(text)
                    number = len(outer.asked) - 1
                    outer.keys.append(self.headers.get("Authorization"))
                self.answer(behave(number, text), text)

            def answer(self, what, text):
                if isinstance(what, tuple) and what[0] == "slow":
                    time.sleep(what[1])
                    what = None
                if what == "cut":
                    self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"cho')
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.close()
                    return
                if isinstance(what, int):
                    self.reply(what, b'{"error": "no"}', retry_after)
                    return
                if isinstance(what, tuple):
                    self.reply(200, what[1])
                    return
                content = good(text) if what is None else what
                usage = {"prompt_tokens": 100, "completion_tokens": 20}
                message = {"choices": [{"message": {"content": content}}], "usage": usage}
                self.reply(200, json.dumps(message).encode())

            def reply(self, status, data, wait=None):
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if wait is not None:
                    self.send_header("Retry-After", str(wait))
                self.end_headers()
                self.wfile.write(data)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
