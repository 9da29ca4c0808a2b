"""A server of the tests' own: its process, plain requests to it, and a browser's tab that must never leave it."""

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import psutil
import pytest

from browsing import browser  # noqa: F401 - a fixture

START = """{before}
import sys; from pathlib import Path; from kongchuo.site import accounts, kernels, listening; {change}
from kongchuo.site.serve import serve; w, o, p, n = sys.argv[1:]
serve(Path(w), Path(o), int(p), notebooks=Path(n){more})"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server: `get` asks for a path exactly as written."""

    def __init__(self, port, log, pid, tls=None):
        self.port, self.log, self.origin, self.process = port, log, f"http://127.0.0.1:{port}", psutil.Process(pid)
        self.kernels, self.tls = set(), tls

    def connection(self):
        """A connection to it, encrypted where it is."""
        kind, more = (
            (http.client.HTTPSConnection, {"context": self.tls}) if self.tls else (http.client.HTTPConnection, {})
        )
        return kind("127.0.0.1", self.port, timeout=60, **more)

    def get(self, path, method="GET", body=None, **headers):
        connection = self.connection()
        connection.request(method, path, body, headers={key.replace("_", "-"): value for key, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, text, dict(answer.headers)


class Visitor:
    """Somebody with a jar of cookies, who asks for a path exactly as written; logs in where a name is given."""

    def __init__(self, site, name="", password=""):
        self.site, self.cookies = site, {}
        if name:
            status, text, _ = self.login(name, password)
            assert status == 302, text

    def ask(self, path, method="GET", body=None, **headers):
        """Status, text and headers (`get_all` gives each of a name)."""
        held = {key.replace("_", "-"): value for key, value in headers.items()}
        if self.cookies:
            held["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with closing(self.site.connection()) as connection:
            connection.request(method, path, body=body, headers=held)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        for said in answer.headers.get_all("Set-Cookie", ()):
            name, value = said.partition(";")[0].split("=", 1)
            self.cookies[name] = value
        return answer.status, text, answer.headers

    def status(self, path, **more):
        return self.ask(path, **more)[0]

    def post(self, path, **form):
        """A form sent with the token that its page holds."""
        body = urlencode({"_xsrf": self.cookies.get("_xsrf", ""), **form})
        return self.ask(path, "POST", body, Content_Type="application/x-www-form-urlencoded")

    def login(self, name, password, path="/login"):
        self.ask("/login")
        return self.post(path, name=name, password=password)


@contextmanager
def serving(folder, shared, out, notebooks, before="", change="", more="", tls=None, **environment):
    """Start a server as its own process, with a secret in its environment; ends it. `before` and `change` are lines of code
    that it executes before our code is imported, and before it serves; `more` is what else `serve` is given, as code; `tls`
    is how one speaks to it where it encrypts."""
    port, log = free_port(), folder / "log"
    with log.open("w") as sink:
        start = START.format(before=before, change=change, more=more and f", {more}")
        arguments = [sys.executable, "-c", start, str(shared), str(out), str(port), str(notebooks)]
        environment = os.environ | {"SECRET_TOKEN": "geheim", "HOME": str(folder)} | environment
        process = subprocess.Popen(arguments, stdout=sink, stderr=sink, env=environment)
    made = Server(port, log, process.pid, tls)
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
