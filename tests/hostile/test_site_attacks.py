"""The served site attacked: the probes and attacks of a review as a table, on one server on loopback, as nobody, as a school, as the centre.

Every line of the tables is one attempt. It has held when nothing of another school, of the server or of a file came back, when the
server still answers, and when its log holds no traceback. The figures of the last run stand in SECURITY.md: with KONGCHUO_SECURITY=1 a
whole run writes them there.
"""

import datetime as dt
import json
import os
import re
import socket
import time
import unicodedata
import uuid
from collections import Counter
from contextlib import suppress
from itertools import product
from pathlib import Path
from urllib.parse import quote, urlencode

import psutil
import pytest
import websocket

from kongchuo.core import years
from kongchuo.publishing import archive
from kongchuo.publishing.archive import DONE, Result
from kongchuo.site import accounts, rights
from serving import Visitor, serving
from test_accounts import PEOPLE, connect, enrolled, filled, password, with_door
from test_kernels import kernel_of, message

SECRET = "乙校的秘密"  # stands in every file of the other school
PROMISES = Path(__file__).parents[2] / "SECURITY.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("attacks")
    shared, out = filled(folder)
    (out / "papers" / "2023-10" / "乙校").mkdir(parents=True)
    (out / "papers" / "2023-10" / "乙校" / "简报.docx").write_text(SECRET, "utf-8")
    for path in (*out.rglob("乙校*"), *(out / "returns" / "乙校").iterdir(), *(out.rglob("乙校/*"))):
        if path.is_file():
            path.write_text(SECRET, "utf-8")
    (shared / "2023-2024" / "乙校" / "学籍.xlsx").write_text(SECRET, "utf-8")
    with suppress(OSError):  # as whoever can write the out folder could
        (out / "2023-10" / "live" / "甲校" / "链接.html").symlink_to(out / "2023-10" / "live" / "乙校.html")
        (out / "returns" / "甲校" / "链接_校验.xlsx").symlink_to(out / "returns" / "乙校" / "学籍_校验.xlsx")
    held = enrolled(folder / "accounts")
    with serving(folder, shared, out, folder / "notebooks", more=with_door(held)) as made:
        made.accounts, made.folder = held, folder
        yield made
        log = made.log.read_text("utf-8")
        assert "Traceback" not in log, log[-3000:]
    if os.environ.get("KONGCHUO_SECURITY"):
        tables = Counter(item.originalname for item in request.session.items if item.path == Path(__file__))
        rows = [f"| `{name}` | {number} |" for name, number in tables.items()]
        said = f"{dt.date.today()}: {sum(tables.values())} attempts, {request.session.testsfailed} fell.\n\n| test | lines |\n|---|---|\n"
        text = PROMISES.read_text("utf-8")
        head, mark, _ = text.partition("<!-- figures -->\n")
        PROMISES.write_text(head + mark + said + "\n".join(rows) + "\n", "utf-8")


@pytest.fixture(scope="module")
def people(site):
    return {"": Visitor(site), **{name: Visitor(site, name, password(name)) for name in "甲乙班督众镇"}}


@pytest.fixture(autouse=True)
def still_there(site):
    """Whatever was tried: the server answers afterwards."""
    yield
    assert Visitor(site).status("/login") == 200


def harmless(status, text):
    """Nothing came back but a refusal."""
    assert 300 <= status < 500, (status, text[:200])
    leaks = ("root:", "import ", '"cells"', "PK\x03", "geheim", SECRET, "Traceback", "notebook: tiny")
    assert not [leak for leak in leaks if leak in text], text[:300]


M = "/r/2023-10/live/"
A, B = quote("甲校"), quote("乙校")
NOT_THERE = [  # no page, whoever asks
    f"{M}{quote('甲校.ipynb')}", f"{M}manifest.json", f"{M}logs/x.html", f"{M}.lock", f"{M}inputs/dcec420904e9/x.html",
    f"{M}../../index.html", f"{M}%2e%2e/%2e%2e/index.html", f"{M}..%252f..%252findex.html", f"{M}%252e%252e%252fmanifest.json",
    f"{M}{A}/..%2fmanifest.json", f"{M}{A}%00.html", f"{M}{A}.html%0a", f"{M}{A}.html%00", f"{M}{A}/{quote('链接.html')}",
    "/r//etc/passwd", "//etc/passwd", "/etc/passwd", f"{M}/etc/passwd.html", "/r/2023-10//etc/x.html",
    f"{M}{quote(chr(92) * 2 + 'server' + chr(92) + 'share' + chr(92) + 'x.html')}", f"{M}C:/Windows/x.html",
    quote("/r/２０２３-10/live/index.html"), "/R/2023-10/live/index.html", f"{M}{quote('．．／index.html')}", "/r/returns/",
    "/r/2023-10/nothing/index.html", "/r/2023-13/live/index.html", "/r/0000-00/live/index.html", "/r/9999999999999/live/index.html",
    f"/r/returns/{A}/{quote('学籍.xlsx')}", f"/r/returns/{A}/{quote('链接_校验.xlsx')}", f"/r/returns/{A}/..%2f{B}/{quote('学籍_校验.xlsx')}",
    "/handbook/..%2f..%2fREADME.html", "/handbook/README.md", "/handbook/x.html", f"/handbook/{quote('数据字典')}%00.html",
    "/voila/files/x.png", "/voila/files/", "/voila/tree", "/voila/tree/", "/voila/api/contents/", "/voila/api/contents/live.ipynb",
    "/voila/render/live.ipynb", f"/voila/query/{uuid.uuid4()}", f"/voila/execution/{uuid.uuid4()}", "/api", "/api/contents",
    "/api/kernels", "/api/kernels/", "/api/kernelspecs", "/api/sessions", "/api/terminals", "/api/terminals/websocket", "/api/status",
    "/api/me", "/api/spec.yaml", "/api/config/x", "/metrics", "/tree", "/lab", "/lab/api/settings", "/terminals/1", "/nbconvert/html/x.ipynb",
    "/files/x", "/edit/x", "/view/x", "/proxy/8888/", "/static/x.js", "/live/", "/live/..", "/live/live.ipynb", "/live/live/",
    "/live/notes%2fx", f"/live/{quote('月报')}", "/favicon.ico", "/robots.txt", "/.git/config", "/accounts/accounts.json", "/audit.jsonl",
    "/accounts.json", "/login/", "/logout/x", "/audit/", "/audit/x", "/?/../etc/passwd/..", "/%2e%2e/accounts/accounts.json",
]  # fmt: skip
STATIC = [
    "/voila/static/../../../../../../etc/passwd", "/voila/static/..%2f..%2f..%2f..%2fetc%2fpasswd", "/voila/static//etc/passwd",
    "/voila/templates/kongchuo/static/../../../conf.json", "/voila/templates/kongchuo/index.html.j2", "/voila/templates/..%2f..%2fstatic/x",
    "/voila/labextensions/../../../etc/passwd", "/voila/labextensions//etc/passwd", "/voila/api/themes/../../../../etc/passwd",
    "/voila/static/.", "/voila/static/", "/voila/labextensions/", "/voila/api/themes/", "/voila/templates/x", "/voila/templates/",
    "/voila/static/%00", "/voila/labextensions/%00", "/voila/api/themes/%00",
]  # fmt: skip


@pytest.mark.parametrize("path", [*NOT_THERE, *STATIC])
def test_what_is_no_page_is_not_there(site, people, path):
    for who in ("", "甲", "镇"):
        if path.startswith("/?"):
            continue
        status, text, _ = people[who].ask(path)
        harmless(status, text)


OTHERS = [  # ways of 甲 to a page, paper or copy of 乙校
    f"{M}{B}.html", f"{M}{B}.html?school={A}", f"{M}{B}.html?edition={quote('公开版')}", f"{M}{B}/{quote('简报.docx')}",
    f"{M}{B}%2f{quote('简报.docx')}", f"{M}{A}/../{B}.html", f"{M}{A}/%2e%2e/{B}.html", f"{M}{A}/..;/{B}.html", f"{M}./{B}.html",
    f"/r/2023-10/live//{B}.html", f"/r/2023-10//live/{B}.html", f"//r/2023-10/live/{B}.html", f"{M}{B}.HTML", f"{M}{B}.html/", f"{M}{B}.html.",
    f"{M}{B}.html%20", f"{M}%20{B}.html", f"{M}{B}.html%00", f"{M}{B}.html%09", f"{M}{B};.html", f"{M}{B}.html;x=1", f"{M}{quote(B)}.html",
    f"{M}{quote(quote(B))}.html", M + quote(unicodedata.normalize("NFD", "乙校")) + ".html#", f"{M}{quote('乙校'.encode('gb18030'))}.html",
    f"{M}{quote('乙校'.encode('utf-16'))}.html", f"{M}{B}.h%74ml?", f"{M.replace('live', 'LIVE')}{B}.html", f"/r/2023-1０/live/{B}.html",
    f"/r/2023-10/people/{B}/{quote('七(1)班.html')}", f"{M}{quote('全镇.html')}", f"{M}{quote('全镇/附表.xlsx')}", f"/r/2023-10/people/{B}.html", f"/r/2023-10/people/{quote('全镇.html')}",
    f"/r/returns/{B}/{quote('学籍_校验.xlsx')}", f"/r/returns/2023-2024/{B}/{quote('学籍_校验.xlsx')}", f"/r/returns/{A}/../{B}/{quote('学籍_校验.xlsx')}",
    f"/r/returns/./{B}/{quote('学籍_校验.xlsx')}", f"/r/returns//{B}/{quote('学籍_校验.xlsx')}", f"/r/returns/{B}%2f{quote('学籍_校验.xlsx')}",
    f"/r/returns/{quote('中心学校')}/{quote('学籍_校验.xlsx')}", "/audit", "/live/live", f"/live/live?school={A}", f"/live/live?school={B}",
    "/live/live?school=all", f"/live/live?school={A}&school={B}", f"/live/live?school={B}&school={A}", "/live/live?school=%20all",
    f"/r/papers/2023-10/{B}/{quote('简报.docx')}", f"/r/papers/2023-10/{A}/../{B}/{quote('简报.docx')}", "/home/", "/home/x",
    "/live/tiny", "/voila/templates/kongchuo/static/x.js",
    *(f"/live/{report}{query}" for report, query in product(
        ("monthly_self_check", "people", "annual_reward", "monthly_papers", "term_inspection", "signals_back_test"),
        ("", f"?school={B}", "?school=all", f"?school={quote('全镇')}", f"?school={B}&school={A}", f"?school={A}%20", f"?school=%00{A}",
         f"?School={A}", f"?school={A}%26school={B}", f"?school[]={A}", f"?edition={quote('公开版')}", f"?month=2023-10;school={A}"),
    )),
]  # fmt: skip


@pytest.mark.parametrize("path", OTHERS)
@pytest.mark.parametrize(
    "headers",
    [{}, {"X_Original_URL": f"{M}{A}.html", "X_Rewrite_URL": "/", "X_Forwarded_Prefix": "/x"}],
    ids=["", "说谎"],
)
def test_a_school_reaches_nothing_of_another(people, path, headers):
    with suppress(UnicodeEncodeError):  # what cannot be sent reaches nothing
        status, text, _ = people["甲"].ask(path.partition("#")[0], **headers)
        harmless(status, text)
        assert "kernelId" not in text


ROOMS = [  # ways of a 班主任 of 甲校 七(1)班 to anything else of a class or school
    *(f"/r/2023-10/people/{quote(path)}" for path in (
        "甲校.html", "甲校/七(2)班.html", "乙校/七(1)班.html", "全镇.html", "甲校/七(1)班.html/../七(2)班.html", "甲校/七（2）班.html", "甲校//七(2)班.html",
        "甲校/七(2)班.htm", "甲校/./七(2)班.html", "../people/甲校/七(2)班.html", "乙校/../甲校/七(2)班.html", "甲校/七(2)班.docx", "甲校/",
    )),
    f"/r/2023-10/live/{A}/{quote('七(1)班.html')}", f"{M}{A}.html", f"{M}{A}/{quote('简报.docx')}", f"{M}{A}/{quote('告家长书.docx')}",
    f"/r/returns/{A}/{quote('学籍_校验.xlsx')}", f"/r/papers/2023-10/{A}/{quote('劝返记录.docx')}", "/books", "/audit", "/jobs/",
    *(f"/live/{report}?school={A}" for report in ("people", "monthly_self_check", "live", "monthly_papers")),
]  # fmt: skip


@pytest.mark.parametrize("path", ROOMS)
def test_a_class_teacher_reaches_the_own_class_alone(people, path):
    assert people["班"].status(f"/r/2023-10/people/{A}/{quote('七(1)班.html')}") == 200
    status, text, _ = people["班"].ask(path)
    harmless(status, text)
    assert not any(word in text for word in ("的报告", "kernelId", "七(2)班.html"))


FORGED = [
    {"X-Forwarded-User": "镇"}, {"X-Kongchuo-User": "镇"}, {"X-Kongchuo-User": "镇", "X-Kongchuo-Secret": "x"}, {"Remote-User": "镇"},
    {"X-Remote-User": "镇"}, {"Authorization": "token "}, {"Authorization": "Bearer x"}, {"Authorization": "Basic YTph"}, {"X-Report-Schools": "*"},
    {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1;host=localhost"}, {"X-Jupyterhub-User": "镇"}, {"Cookie": "username=镇"},
    {"Cookie": "username-127-0-0-1=镇"}, {"Cookie": "_xsrf=x; username-127-0-0-1-8866=2|1:0|10:0|1:x|1:x|0"}, {"Query-String": "school=all"},
]  # fmt: skip


@pytest.mark.parametrize("headers", FORGED, ids=str)
def test_a_header_makes_nobody_somebody(site, people, headers):
    for path in ("/", f"{M}{B}.html", "/live/live", "/audit", "/?token=", "/?token=x&user=镇"):
        sent = {key: value.encode() for key, value in headers.items()}
        harmless(*Visitor(site).ask(quote(path, safe="/?=&%"), **sent)[:2])
    if "Cookie" not in headers:
        harmless(*people["甲"].ask(f"{M}{B}.html", **{key: value.encode() for key, value in headers.items()})[:2])


HOSTS = [
    "evil.example",
    "192.168.1.7",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "localhost:1@evil.example",
    "",
    "[::2]",
    "0.0.0.0",
    "LOCALHOST.",
]


@pytest.mark.parametrize("host", HOSTS)
def test_another_name_of_the_host_is_refused(people, host):
    for path in ("/", f"{M}{A}.html", "/login", "/voila/static/voila.js", "/live/live", "/handbook/x.html"):
        harmless(*people["镇"].ask(path, Host=host)[:2])


LINES = [
    "GET /r/2023-10/live/../../../shared/planted.json HTTP/1.1", "GET http://127.0.0.1/r/../etc/passwd HTTP/1.1",
    "GET http://evil.example/ HTTP/1.1", "GET /%u002e%u002e/etc/passwd HTTP/1.1", "GET /r/2023-10/live/%c0%ae%c0%ae/x.html HTTP/1.1",
    "TRACE / HTTP/1.1", "TRACK / HTTP/1.1", "PUT /r/2023-10/live/index.html HTTP/1.1", "PROPFIND / HTTP/1.1", "OPTIONS / HTTP/1.1", "CONNECT / HTTP/1.1",
    "GET / HTTP/9.9", "GET /", "GARBAGE", "GET  / HTTP/1.1", "GET / HTTP/1.1 x", "get / HTTP/1.1", "POST / HTTP/1.1", "DELETE / HTTP/1.1", "PATCH / HTTP/1.1",
    "GET " + "/a" * 40_000 + " HTTP/1.1", "GET /?" + "a=1&" * 15_000 + " HTTP/1.1", "PRI * HTTP/2.0", "GET * HTTP/1.1", "GET \\\\evil HTTP/1.1",
]  # fmt: skip
HEADS = [
    "Host: {host}\r\nHost: evil.example", "Host: evil.example\r\nHost: {host}", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: {host}",
    "Content-Length: -1\r\nHost: {host}", "Content-Length: 99999999999\r\nHost: {host}", "Content-Length: 5\r\nContent-Length: 6\r\nHost: {host}",
    "Transfer-Encoding: x\r\nHost: {host}", "Host: {host}\r\nX: " + "x" * 100_000, "Host: {host}\r\n folded: x", "No colon\r\nHost: {host}",
    "Host: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade", "Host: {host}\r\nRange: bytes=0-99999999999,0-1,-1", "Host: {host}\r\nCookie: " + ";" * 5000,
    "Host: {host}\r\nAccept-Encoding: " + "gzip;" * 1000, "Host: {host}\r\nIf-None-Match: *", "Host: {host}\r\nExpect: 100-continue\r\nContent-Length: 1",
]  # fmt: skip


@pytest.mark.parametrize("line", [*LINES, *HEADS], ids=lambda line: line[:40])
def test_odd_requests_bring_nothing_and_end(site, line):
    host = f"127.0.0.1:{site.port}"
    head = line.format(host=host) if line in HEADS else f"Host: {host}\r\nContent-Length: 0"
    first = "GET / HTTP/1.1" if line in HEADS else line
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as raw:
        raw.sendall(f"{first}\r\n{head}\r\nConnection: close\r\n\r\n".encode("utf-8", "replace"))
        answer = b""
        with suppress(OSError):
            while got := raw.recv(1 << 16):
                answer += got
    assert not answer or re.match(rb"HTTP/1\.[01] [34]", answer) or b"100 (Continue)" in answer[:40], answer[:200]
    assert b"root:" not in answer


METHODS = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
ROUTES = ("/", "/r/index.html", f"{M}{A}.html", f"/r/returns/{A}/{quote('学籍_校验.xlsx')}", "/audit", "/live/live", "/handbook/x.html",
          "/voila/static/voila.js", f"/voila/api/shutdown/{uuid.uuid4()}", f"/api/kernels/{uuid.uuid4()}", "/logout", "/login", "/home/", "/books")  # fmt: skip


@pytest.mark.parametrize(("method", "path"), [*product(METHODS, ROUTES)])
def test_no_other_method_does_anything(site, people, method, path):
    for who in (Visitor(site), people["甲"], people["镇"]):
        status, text, _ = who.ask(path, method, Content_Length="0")
        assert 300 <= status < 500 or (method == "OPTIONS" and status in (200, 204) and not text), (status, text[:100])


def test_a_foreign_page_gets_nothing_and_starts_nothing(site, people):
    for mode, kind in product(("no-cors", "cors", "navigate", ""), ("cross-site", "same-site", "x")):
        harmless(*people["镇"].ask("/live/live", Sec_Fetch_Site=kind, Sec_Fetch_Mode=mode)[:2])
        if mode != "navigate":
            harmless(*people["镇"].ask(f"{M}{A}.html", Sec_Fetch_Site=kind, Sec_Fetch_Mode=mode)[:2])
    headers = people["镇"].ask(f"{M}{A}.html", Origin="http://evil.example")[2]
    assert headers["Access-Control-Allow-Origin"] is None
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


LOGINS = [
    {}, {"name": "甲"}, {"name": "", "password": ""}, {"name": "甲' OR '1'='1", "password": "x"}, {"name": "甲\x00", "password": "x"}, {"name": "甲\n", "password": "x"},
    {"name": "甲" * 5000, "password": "x" * 50_000}, {"name": "../accounts", "password": "x"}, {"name": "<script>alert(1)</script>", "password": "x"},
    {"name": "{{7*7}}", "password": "%s%n"}, {"name": "甲", "password": "$argon2id$v=19$m=8,t=1,p=1$x$x"}, {"name": "\ud7ff", "password": "\ufffe"},
]  # fmt: skip


@pytest.mark.parametrize("typed", LOGINS, ids=lambda typed: str(typed)[:40])
def test_no_odd_name_or_password_gets_in(site, typed):
    visitor = Visitor(site)
    visitor.ask("/login")
    status, text, _ = visitor.post("/login", **typed)
    assert status in (401, 429)
    assert "<script>alert" not in text
    assert visitor.status("/") == 302


def test_a_body_larger_than_a_form_is_refused(site):
    visitor = Visitor(site)
    visitor.ask("/login")
    with suppress(OSError):  # the server closes before it has read it all
        assert visitor.ask("/login", "POST", "x" * 3_000_000)[0] in (400, 403, 413)
    before = psutil.Process(site.process.pid).memory_info().rss
    assert before < 1 << 30


COOKIES = ["", "x", "2|1:0|10:1|4:name|4:value|" + "0" * 64, "null", "[]", '["镇", ""]', "a" * 8000, "2|" * 500]


@pytest.mark.parametrize("value", COOKIES, ids=lambda value: value[:20])
def test_no_cookie_but_ours_is_a_session(site, people, value):
    visitor = Visitor(site)
    (name,) = [name for name in people["镇"].cookies if name.startswith("username")]
    for made in (value, people["镇"].cookies[name][:-4] + value[:4].ljust(4, "0")):
        visitor.cookies = {name: quote(made, safe="|:=*")}
        assert visitor.status("/audit") in (302, 400)


# --- live pages ---------------------------------------------------------------------------------------------------------

ASKED = ["../../etc/passwd", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "{0.__class__}", "甲校\x00", "甲校\n", "学" * 3000,
         "-p", "%s%s%n", "'; import os; os.system(\"touch pwned\"); '", '__import__("os").system("touch pwned")', "甲校;乙校", "ALL", "all ", ""]  # fmt: skip


@pytest.mark.parametrize("school", ASKED, ids=lambda school: repr(school)[:24])
def test_no_name_of_a_school_is_run_or_shown_as_it_is(site, people, school):
    status, text, _ = people["镇"].ask(f"/live/live?{urlencode({'school': school})}")
    assert status in (200, 400)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "Traceback" not in text
    assert not (site.folder / "pwned").exists()
    assert not os.path.exists("pwned")
    if "kernelId" in text:
        people["镇"].post(f"/voila/api/shutdown/{kernel_of(text)}")


@pytest.fixture(scope="module")
def kernel(people):
    return kernel_of(people["镇"].ask("/live/live")[1])


ORIGINS = [
    "http://evil.example",
    "null",
    "http://127.0.0.1:1",
    "http://localhost.evil.example",
    "https://127.0.0.1",
    "file://",
    "",
]


@pytest.mark.parametrize("origin", ORIGINS)
def test_no_foreign_page_reaches_a_kernel(site, people, kernel, origin):
    cookies = "; ".join(f"{name}={value}" for name, value in people["镇"].cookies.items())
    address = f"ws://127.0.0.1:{site.port}/api/kernels/{kernel}/channels?session_id=x"
    with pytest.raises(websocket.WebSocketBadStatusException, match=r"40[0-9]"):
        websocket.create_connection(
            address, timeout=20, cookie=cookies, header=[f"Origin: {origin}"], suppress_origin=True
        )


@pytest.mark.parametrize("who", ["", "甲", "督", "众"])
def test_a_kernel_is_its_owners_alone(site, people, kernel, who):
    with pytest.raises(websocket.WebSocketBadStatusException, match=r"40[34]"):
        connect(site, people[who], kernel)
    harmless(*people[who].ask(f"/api/kernels/{kernel}")[:2])
    token = people[who].cookies.get("_xsrf", "x")
    harmless(*people[who].ask(f"/api/kernels/{kernel}", "DELETE", X_XSRFToken=token)[:2])
    harmless(*people[who].ask(f"/api/kernels/{kernel}/restart", "POST", X_XSRFToken=token, Content_Length="0")[:2])
    harmless(*people[who].ask(f"/api/kernels/{kernel}/interrupt", "POST", X_XSRFToken=token, Content_Length="0")[:2])
    harmless(*people[who].post(f"/voila/api/shutdown/{kernel}")[:2])


RUNS = {
    "execute_request": {"code": "open('pwned', 'w')", "silent": True}, "inspect_request": {"code": "open", "cursor_pos": 1}, "complete_request": {"code": "o", "cursor_pos": 1},
    "history_request": {"hist_access_type": "tail", "n": 9}, "is_complete_request": {"code": "x"}, "input_reply": {"value": "x"}, "interrupt_request": {},
    "shutdown_request": {"restart": True}, "debug_request": {"type": "request", "command": "evaluate"}, "create_subshell_request": {}, "usage_request": {},
}  # fmt: skip


@pytest.mark.parametrize(("kind", "channel"), [*product(RUNS, ("shell", "control", "stdin"))])
def test_no_message_but_those_of_widgets_reaches_a_kernel(site, people, kernel, kind, channel):
    connection = connect(site, people["镇"], kernel)
    connection.send(message(kind, channel, **RUNS[kind]))
    connection.send(message("kernel_info_request"))
    found, reply = [], kind.replace("request", "reply")
    with suppress(websocket.WebSocketException):
        while "kernel_info_reply" not in found:
            found.append(json.loads(connection.recv())["header"]["msg_type"])
    connection.shutdown()
    assert "kernel_info_reply" in found
    assert reply not in found or reply == kind
    assert not os.path.exists("pwned")
    assert not (site.folder / "pwned").exists()


FRAMES = [b"", b"{}", b"\xff" * 64, bytes(8), bytes(1 << 16), "", "{", "[]", "{}", "null", '{"channel": []}', '{"channel": "shell", "header": 1}', "[" * 5000, "x" * (1 << 20),
          '{"channel":"shell","header":{"msg_type":"kernel_info_request","msg_type":"execute_request"},"content":{"code":"open(\'pwned\',\'w\')"}}',
          '{"channel":"shell","header":{"msg_type":["execute_request"]},"content":{}}']  # fmt: skip


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: str(frame[:24]))
def test_no_odd_frame_ends_more_than_its_connection(site, people, kernel, frame):
    for asked in ([], ["Sec-WebSocket-Protocol: v1.kernel.websocket.jupyter.org"]):
        cookies = "; ".join(f"{name}={value}" for name, value in people["镇"].cookies.items())
        address = f"ws://127.0.0.1:{site.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}"
        connection = websocket.create_connection(address, timeout=20, cookie=cookies, origin=site.origin, header=asked)
        with suppress(OSError, websocket.WebSocketException):
            (connection.send_binary if isinstance(frame, bytes) else connection.send)(frame)
            connection.settimeout(1)
            connection.recv()
        connection.shutdown()
    assert people["镇"].status(f"/api/kernels/{kernel}") == 200
    assert not os.path.exists("pwned")


def test_one_account_has_few_kernels_and_leaves_the_others_theirs(site, people):
    other = Visitor(site, "镇二", password("镇二"))
    kept = kernel_of(other.ask("/live/live")[1])
    made = [kernel_of(people["镇"].ask("/live/live")[1]) for _ in range(6)]
    alive = [people["镇"].status(f"/api/kernels/{one}") for one in made]
    assert alive.count(200) == 4
    assert alive[-1] == 200
    assert other.status(f"/api/kernels/{kept}") == 200


# --- what lies in the out folder ----------------------------------------------------------------------------------------

NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "甲校' onclick='alert(1)",
    "{{7*7}}",
    "javascript:alert(1)",
    "甲校\u202e",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_in_a_manifest_is_a_word_on_the_pages(site, people, name):
    shelf = archive.Shelf(site.folder / "runs", years.period("2023-09"), "live")
    shelf.path.mkdir(parents=True, exist_ok=True)
    reason = f"坏了 {name}"
    shelf.save([Result(name, {"school": name}, "2023-11-01T08:00:00+08:00", 1.0, "failed", reason),
                Result("甲校", {"school": "甲校"}, "2023-11-01T08:00:00+08:00", 1.0, DONE, page=name + ".html", summary={"errors": name})])  # fmt: skip
    for who, path in product(("甲", "镇"), ("/", "/r/2023-09/live/index.html")):
        status, text, _ = people[who].ask(path)
        assert status == 200
        assert not [
            bad for bad in ("<script>alert", "<img src=x", "' onclick='alert", 'href="javascript:') if bad in text
        ]
    assert name not in people["乙"].ask("/")[1]
    (shelf.path / "manifest.json").unlink()


PAGES = [
    "/etc/passwd.html",
    "../../../accounts/accounts.json",
    "../乙校.html",
    f"{M}乙校.html",
    "乙校.html",
    "inputs/x.html",
    "C:\\x.html",
]


@pytest.mark.parametrize("page", PAGES)
def test_a_manifest_cannot_name_what_lies_elsewhere(site, people, page):
    shelf = archive.Shelf(site.folder / "runs", years.period("2023-09"), "live")
    shelf.path.mkdir(parents=True, exist_ok=True)
    shelf.save([Result("甲校", {"school": "甲校"}, "2023-11-01T08:00:00+08:00", 1.0, DONE, page=page)])
    for path in (
        f"/r/2023-09/live/{quote(page)}",
        f"/r/2023-09/live/{quote(page, safe='')}",
        "/r/2023-09/live/" + page.replace("乙校", B),
    ):
        with suppress(UnicodeEncodeError):
            harmless(*people["甲"].ask(path)[:2])
    (shelf.path / "manifest.json").unlink()


BROKEN = ["", "{", "[]", "null", '{"runs": [{"name": 1}]}', '{"runs": {}}', '{"runs": [null]}', '{"runs": 7}']


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_manifest_breaks_no_page(site, people, text):
    folder = site.folder / "runs" / "2023-08" / "live"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(text, "utf-8")
    for who in ("甲", "镇"):
        assert people[who].status("/") == 200
        harmless(*people[who].ask("/r/2023-08/live/index.html")[:2])
    (folder / "manifest.json").unlink()


def test_a_broken_file_of_accounts_lets_nobody_in(site, people):
    whole = site.accounts.file.read_bytes()
    for broken in (b"", b"{", b"[]", b"null", b"[{}]", b"[1]", whole[: len(whole) // 2]):
        site.accounts.file.write_bytes(broken)
        time.sleep(0.02)
        assert people["镇"].status("/audit") == 302
        assert Visitor(site).login("镇", password("镇"))[0] in (401, 429)
    site.accounts.file.write_bytes(whole)
    assert people["镇"].status("/audit") == 200


def test_every_role_is_among_those_who_attack():
    assert {role for role, _ in PEOPLE.values()} == {*rights.ROLES}
    assert accounts.SHORTEST >= 8
