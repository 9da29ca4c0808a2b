"""A server of the tests' own: its process, plain requests to it, and a browser's tab that must never leave it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import psutil
import pytest

from browsing import browser  # noqa: F401 - a fixture

START = """{before}
import sys; from pathlib import Path; from kongchuo.site import kernels; {change}
from kongchuo.site.serve import serve; w, o, p, n = sys.argv[1:]
serve(Path(w), Path(o), int(p), notebooks=Path(n))"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server: `get` asks for a path exactly as written."""

    def __init__(self, port, log, pid):
        self.port, self.log, self.origin, self.process = port, log, f"http://127.0.0.1:{port}", psutil.Process(pid)
        self.kernels = set()

    def get(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, text, dict(answer.headers)


@contextmanager
def serving(folder, shared, out, notebooks, before="", change="", **environment):
    """Start a server as its own process, with a secret in its environment; ends it. `before` and `change` are lines of code
    that it executes before our code is imported, and before it serves."""
    port, log = free_port(), folder / "log"
    with log.open("w") as sink:
        start = START.format(before=before, change=change)
        arguments = [sys.executable, "-c", start, str(shared), str(out), str(port), str(notebooks)]
        environment = os.environ | {"SECRET_TOKEN": "geheim", "HOME": str(folder)} | environment
        process = subprocess.Popen(arguments, stdout=sink, stderr=sink, env=environment)
    made = Server(port, log, process.pid)
    try:
        for _ in range(240):
            try:
                made.get("/")
                break
            except OSError:
                assert process.poll() is None, log.read_text("utf-8")
                time.sleep(0.25)
        yield made
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(name="page")
def tab(browser):  # noqa: F811
    """A tab; afterwards every request it made must have gone to this machine's server."""
    opened = browser.new_page(viewport={"width": 1100, "height": 900})
    opened.set_default_timeout(120_000)  # a busy machine
    asked = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("websocket", lambda socket: asked.append(socket.url.replace("ws://", "http://")))
    yield opened
    opened.close()
    assert asked
    assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))] == []
    assert len({url[:22] for url in asked if url.startswith("http")}) == 1
