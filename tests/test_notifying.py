"""What staff are told is due: counts without a pupil's name, sent only where an office wants it, to servers that stand here."""

import base64
import hashlib
import hmac
import http.server
import json
import socketserver
import threading
import urllib.parse
from email import message_from_bytes, policy

import pytest

import townships
from kongchuo import __main__ as cli
from kongchuo.commands import office, opening
from kongchuo.core import places
from kongchuo.core.findings import UserError
from kongchuo.core.names import personal_names
from kongchuo.publishing import gate, notifying

KEY = "key=secret-of-the-group"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    folder = tmp_path_factory.mktemp("town") / "共享"
    townships.make(folder, 2, 60, 3, faults=True)
    return folder


@pytest.fixture(scope="module")
def told(town):
    return notifying.notice(town, 7)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An office, the working folder in it."""
    for name in (places.HOME, places.WORKBOOKS, places.OUT):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    list(office.init(tmp_path / "办公", "示例镇", None, "2023-2024"))
    monkeypatch.chdir(tmp_path / "办公")
    return tmp_path / "办公"


@pytest.fixture
def group():
    """A server like those of 企业微信 and 钉钉: what was posted to it, and what it answers."""
    posted, answers = [], []

    class Hand(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, json.loads(body)))
            said = (answers.pop(0) if answers else '{"errcode": 0, "errmsg": "ok"}').encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hand) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/send?{KEY}", posted, answers
        server.shutdown()


@pytest.fixture
def post():
    """A mail server: its port, and the mails it was given."""
    mails = []

    class Hand(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (text := self.rfile.readline()) != b".\r\n":
                        lines.append(text)
                    mails.append(message_from_bytes(b"".join(lines), policy=policy.default))
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Hand) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], mails
        server.shutdown()


def wants(home, text):
    path = home / places.MARK
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_who_has_what_to_do_is_counted_and_no_pupil_named(town, told):
    rows = opening.due([town], 7).rows
    for home, own in rows.groupby("home"):
        numbers = [int(text) for text in told.texts[home].replace("（", " ").split() if text.isdigit()]
        assert numbers
        late = sum(int(part.split(" 项")[0]) for part in told.texts[home].split("逾期 ")[1:])
        soon = sum(int(part.split(" 项")[0]) for part in told.texts[home].split("天内到期 ")[1:])
        assert (late, soon) == (int((own["days"] < 0).sum()), int((own["days"] >= 0).sum()))
    staff = {name for one in rows["who"].dropna() for name in one.split("、")}
    pupils = {name for name in rows["name"].dropna() if len(name) > 1} - staff
    assert pupils
    assert not [name for name in pupils if name in told.whole]


def test_a_year_without_terms_has_not_nothing_to_remind_of(home, capsys):
    """As `due` says it: what goes by terms was counted nowhere."""
    assert cli.main(["notify", "--as-of", "2023-10-31"]) == 0
    said = capsys.readouterr()
    assert "算得出来的事项里，没有要提醒的" in said.out
    assert "没有填开学日期" in said.err


def test_a_childs_name_in_the_place_of_a_member_of_staff_stops_it(town, monkeypatch):
    found = opening.due([town], 7)
    child = sorted(personal_names(found.town))[0]
    found.rows["who"] = child
    monkeypatch.setattr(opening, "due", lambda *_: found)
    with pytest.raises(gate.Blocked, match="P02") as stopped:
        notifying.notice(town, 7)
    assert child not in str(stopped.value)


def test_nothing_is_sent_unless_the_office_says_so(home, town, capsys, group):
    assert cli.main(["notify", str(town)]) == 0
    assert "逾期" in capsys.readouterr().out
    assert cli.main(["notify", str(town), "--send"]) == 3
    wants(home, "notify: {on: false, webhooks: [{kind: 企业微信, url_env: KONGCHUO_TEST_HOOK}]}\n")
    assert cli.main(["notify", str(town), "--send"]) == 3
    assert group[1] == []


def test_a_group_gets_it_as_typed(home, town, told, capsys, group, monkeypatch):
    url, posted, _ = group
    monkeypatch.setenv("KONGCHUO_TEST_HOOK", url)
    wants(home, "notify: {on: true, within: 7, webhooks: [{kind: 企业微信, url_env: KONGCHUO_TEST_HOOK}]}\n")
    assert cli.main(["notify", str(town), "--send"]) == 0
    said = "\n\n".join(body["text"]["content"] for _, body in posted)
    assert [line for line in said.splitlines() if line] == [line for line in told.whole.splitlines() if line]
    assert {body["msgtype"] for _, body in posted} == {"text"}
    assert max(len(body["text"]["content"].encode()) for _, body in posted) <= 2048
    out = capsys.readouterr()
    assert "已发出：企业微信消息" in out.err
    assert "secret" not in out.out + out.err


def test_a_robot_of_dingtalk_gets_its_signature(told, group, monkeypatch):
    url, posted, _ = group
    monkeypatch.setenv("KONGCHUO_TEST_HOOK", url)
    monkeypatch.setenv("KONGCHUO_TEST_SECRET", "SECabc")
    hook = {"kind": "钉钉", "url_env": "KONGCHUO_TEST_HOOK", "secret_env": "KONGCHUO_TEST_SECRET"}
    assert notifying.send(told, {"webhooks": [hook]}, lambda line: None) == 0
    asked = urllib.parse.parse_qs(urllib.parse.urlsplit(posted[0][0]).query)
    (now,), (sign,) = asked["timestamp"], asked["sign"]
    wanted = hmac.new(b"SECabc", f"{now}\nSECabc".encode(), hashlib.sha256).digest()
    assert base64.b64decode(sign) == wanted


@pytest.mark.parametrize(
    ("answer", "says"), [('{"errcode": 93000}', "错误码 93000"), ("<html>", "看不懂"), ("[]", "看不懂")]
)
def test_a_group_that_does_not_take_it_is_said_without_its_address(told, group, monkeypatch, answer, says):
    url, _, answers = group
    answers.extend([answer] * 9)
    monkeypatch.setenv("KONGCHUO_TEST_HOOK", url)
    lines = []
    held = {"webhooks": [{"kind": "企业微信", "url_env": "KONGCHUO_TEST_HOOK"}]}
    assert notifying.send(told, held, lines.append) > 0
    assert says in lines[0]
    assert "secret" not in "".join(lines)


@pytest.mark.parametrize(
    ("url", "says"),
    [("", "没有环境变量"), ("http://example.invalid/x", "https"), (f"http://127.0.0.1:9/?{KEY}", "连不上")],
)
def test_an_address_that_is_none(told, monkeypatch, url, says):
    monkeypatch.setenv("KONGCHUO_TEST_HOOK", url)
    lines = []
    held = {"webhooks": [{"kind": "企业微信", "url_env": "KONGCHUO_TEST_HOOK"}]}
    assert notifying.send(told, held, lines.append) > 0
    assert says in lines[0]
    assert "secret" not in "".join(lines)


def test_each_school_gets_its_own_mail(told, post):
    port, mails = post
    mail = {"host": "127.0.0.1", "port": port, "sender": "a@example.cn",
            "to": {"示例中学": "b@example.cn", "全镇": ["c@example.cn"], "没有这所": "d@example.cn"}}  # fmt: skip
    assert notifying.send(told, {"mail": mail}, lambda line: None) == 0
    assert {one["To"]: one.get_content().strip() for one in mails} == {
        "b@example.cn": told.texts["示例中学"],
        "c@example.cn": told.whole,
    }
    assert {told.as_of in one["Subject"] for one in mails} == {True}


@pytest.mark.parametrize("text", ["notify: {an: true}", "notify: {on: true, webhooks: [{kind: 微信, url_env: X}]}"])
def test_what_cannot_be_meant_is_said(home, text):
    wants(home, f"{text}\n")
    with pytest.raises(UserError, match=places.MARK):
        notifying.wanted(home)
