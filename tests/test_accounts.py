"""Accounts of the served site: who gets in, who opens what, and what nobody reaches; on a real server."""

import http.client
import io
import json
import os
import re
import shutil
import ssl
import stat
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import websocket
from argon2 import PasswordHasher

from kongchuo import __main__ as cli
from kongchuo.core import editions, places, years
from kongchuo.core.findings import UserError
from kongchuo.publishing import archive
from kongchuo.publishing.archive import DONE, Result
from kongchuo.site import accounts, archived, audit, identity, listening, rights, serve
from kongchuo.site.guard import Guard
from kongchuo.site.rights import Person
from serving import Visitor, serving
from test_kernels import closing_code, kernel_of, message
from tiny import project

PEOPLE = {
    "甲": (rights.SCHOOL, ["甲校"]),
    "乙": (rights.SCHOOL, ["乙校"]),
    "班": (rights.CLASS, ["甲校"]),
    "督": (rights.INSPECTOR, []),
    "众": (rights.PUBLIC, []),
    "镇": (rights.CENTRE, []),
    "镇二": (rights.CENTRE, []),
}
RUNS = [  # name, parameters, papers with their editions
    ("甲校", {"school": "甲校"}, {"简报.docx": editions.INTERNAL, "告家长书.docx": editions.CASE}),
    ("乙校", {"school": "乙校"}, {"简报.docx": editions.INTERNAL}),
    ("全镇", {"school": "all"}, {"附表.xlsx": "内部版（全镇，姓名已隐去）"}),
    ("全镇（公开版）", {"school": "all", "edition": editions.PUBLIC}, {"简报公开.docx": editions.PUBLIC}),
]


def password(name):
    return f"{name}的密码12345"


def filled(folder):
    """A tiny project whose out folder holds pages of two schools and the town; (shared, out)."""
    _, shared, out = project(folder, ["甲校", "乙校"])
    rooms = {"七(1)班.html": editions.INTERNAL, "七(2)班.html": editions.INTERNAL}
    beside = [(*run[:2], rooms if run[0] != "全镇" else {}) for run in RUNS[:3]]
    for notebook, runs in {"live": RUNS, "people": beside}.items():
        shelf = archive.Shelf(out, years.period("2023-10"), notebook)
        shelf.path.mkdir(parents=True)
        snapshot, results = archive.snapshot(shared, "2023-2024", shelf.path / "inputs"), []
        for name, asked, files in runs:
            (shelf.path / f"{name}.html").write_text(f"<h1>{name}的报告</h1>", "utf-8")
            (shelf.path / name).mkdir()
            for file in files:
                up = f'<nav> <a rel="up" href="../{name}.html">{name}</a></nav>' if file.endswith(".html") else ""
                (shelf.path / name / file).write_text(f"{name} {file}{up}<main></main>", "utf-8")
            summary = {"errors": 7, "files": files}
            results.append(
                Result(
                    name,
                    asked,
                    "2023-11-01T08:00:00+08:00",
                    1.0,
                    DONE,
                    page=f"{name}.html",
                    summary=summary,
                    snapshot=snapshot,
                )
            )
        shelf.save(results)
    for school in ("甲校", "乙校", "中心学校"):
        (out / "returns" / school).mkdir(parents=True)
        (out / "returns" / school / "学籍_校验.xlsx").write_text(school, "utf-8")
    for name in ("papers/2023-10/甲校/劝返记录.docx", "papers/2023-10/全镇/简报.docx", "lists/核对名单.xlsx"):
        (out / name).parent.mkdir(parents=True)
        (out / name).write_text("甲校", "utf-8")
    return shared, out


def enrolled(folder):
    """Accounts of PEOPLE, their passwords hashed quickly."""
    held = accounts.Accounts(folder)
    quick = PasswordHasher(1, 8, 1)
    for name, (role, schools) in PEOPLE.items():
        classes = ("七(1)班",) if role == rights.CLASS else ()
        new = accounts.Account(name, role, tuple(schools), classes, hash=quick.hash(password(name)))
        held.change(name, lambda _, new=new: new)
    return held


def with_door(held, more=""):
    """What `serve` is given, as code."""
    return f"door=listening.opened(accounts.Accounts(Path({str(held.folder)!r})){more})"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accounts")
    shared, out = filled(folder)
    held = enrolled(folder / "accounts")
    with serving(folder, shared, out, folder / "notebooks", more=with_door(held)) as made:
        made.accounts = held
        yield made


@pytest.fixture(scope="module")
def visitors(site):
    return {name: Visitor(site, name, password(name)) for name in PEOPLE}


PAGE = "/r/2023-10/live/"
OPENS = {  # address -> who opens it; everybody else is refused, and who is not logged in is sent to the login
    "/": "甲乙班督众镇",
    "/handbook/" + quote("数据字典.html"): "甲乙班督众镇",
    PAGE + quote("甲校.html"): "甲督镇",
    PAGE + quote("乙校.html"): "乙督镇",
    PAGE + quote("全镇.html"): "督镇",
    PAGE + quote("全镇（公开版）.html"): "甲乙班督众镇",
    PAGE + quote("全镇（公开版）/简报公开.docx"): "甲乙班督众镇",
    PAGE + quote("全镇/附表.xlsx"): "督镇",
    PAGE + quote("甲校/简报.docx"): "甲督镇",
    PAGE + quote("乙校/简报.docx"): "乙督镇",
    PAGE + quote("甲校/告家长书.docx"): "甲镇",
    "/r/2023-10/people/" + quote("甲校.html"): "甲镇",
    "/r/2023-10/people/" + quote("全镇.html"): "镇",
    "/r/2023-10/people/" + quote("甲校/七(1)班.html"): "甲班镇",
    "/r/2023-10/people/" + quote("甲校/七(2)班.html"): "甲镇",
    "/r/2023-10/people/" + quote("乙校/七(1)班.html"): "乙镇",
    "/r/returns/" + quote("甲校/学籍_校验.xlsx"): "甲镇",
    "/r/returns/" + quote("乙校/学籍_校验.xlsx"): "乙镇",
    "/r/returns/" + quote("中心学校/学籍_校验.xlsx"): "镇",
    "/voila/static/voila.js": "甲乙镇",
    "/r/papers/2023-10/" + quote("甲校/劝返记录.docx"): "甲镇",
    "/r/papers/2023-10/" + quote("全镇/简报.docx"): "镇",
    "/r/lists/" + quote("核对名单.xlsx"): "镇",
    "/books": "甲乙镇",
    "/audit": "镇",
}


@pytest.mark.parametrize("path", OPENS)
def test_who_opens_what(site, visitors, path):
    found = {name: visitor.ask(path)[:2] for name, visitor in visitors.items() if name != "镇二"}

    assert "".join(name for name, (status, _) in found.items() if status == 200) == OPENS[path]
    for status, text in found.values():
        assert status in (200, 403)
        assert status == 200 or "这个账号不能打开这一页" in text
    status, _, headers = Visitor(site).ask(path)
    assert (status, headers.get("Location", "").partition("?")[0]) in ((302, "/login"), (403, ""))


def test_the_page_of_a_class_leads_to_its_school_whom_it_may(visitors):
    for name, leads in {"甲": True, "镇": True, "班": False}.items():
        text = visitors[name].ask("/r/2023-10/people/" + quote("甲校/七(1)班.html"))[1]
        assert ("七(1)班" in text, "../甲校.html" in text) == (True, leads)
        assert "本页按 2023-11-01 08:00 的台账生成，台账此后没有变" in text


def test_a_live_page_of_no_report_of_ours_is_for_the_office_alone(site, visitors):
    """That of a notebook of the office's own, which reads what it likes, whatever the address says."""
    for name, query in product("甲乙班督众", ("", f"?school={quote('甲校')}", "?school=all")):
        status, text, _ = visitors[name].ask(f"/live/live{query}")
        assert (status, "kernelId" in text) == (403, False)


def test_the_landing_page_shows_what_one_may_open(visitors):
    pages = {name: visitor.ask("/")[1] for name, visitor in visitors.items()}

    assert "乙校" not in pages["甲"]
    assert "甲校" not in pages["乙"]
    ways = {name: re.findall(r'href="([^"]*%[^"]*)"', pages[name].partition("</form>")[2]) for name in "班众"}
    assert [way for way in ways["班"] if way not in ways["众"]] == ["/r/2023-10/people/" + quote("甲校/七(1)班.html")]
    assert not any(school in pages["众"].partition("</form>")[2] for school in ("甲校", "乙校"))
    for name in "甲乙班督众":
        own = [urlencode({"school": f"{name}校"})] if name in "甲乙" else []
        assert (
            re.findall(r'href="/live/\w+\?([^&"]*)', pages[name]) == own
        )  # of the notebook that is no report of ours none
        assert f"{PAGE[1:]}{quote('全镇（公开版）.html')}" in pages[name]
    assert all(school in pages["督"] for school in ("甲校", "乙校", "全镇"))
    assert "/live/live?school=all" in pages["镇"]
    assert [name for name in PEOPLE if "/audit" in pages[name]] == ["镇", "镇二"]


def test_the_landing_page_says_whether_what_one_sees_there_still_stands(visitors):
    pages = {name: visitor.ask("/")[1] for name, visitor in visitors.items()}
    assert [name for name in PEOPLE if "2023年10月的报告按 2023-11-01 08:00 的台账" in pages[name]] == [
        *"甲乙督",
        "镇",
        "镇二",
    ]


def test_the_index_of_a_period_names_what_one_may_open(visitors):
    own = visitors["甲"].ask(PAGE + "index.html")[1]
    assert ("甲校" in own, "乙校" in own) == (True, False)
    assert visitors["众"].status("/r/2023-10/people/index.html") == 404


SCHOOLS = ("", "甲校", "乙校", "甲", "校", "甲校/", "ALL", "all", "全镇")


def test_what_is_not_in_the_table_is_refused():
    for what, school in product((*rights.KINDS, "", "别的"), SCHOOLS):
        assert not rights.may(Person("甲", ""), what, school)
        assert not rights.may(Person("甲", "校长", ("甲校",)), what, school)
        own = Person("甲", rights.SCHOOL, ("甲校",))
        open_to_all = what in (rights.FRONT, rights.HANDBOOK, rights.PUBLISHED)
        closed = what in (rights.WORK, rights.AUDIT, "", "别的")
        assert rights.may(own, what, school) is (open_to_all or (school == "甲校" and not closed))
    head = Person("班", rights.CLASS, ("甲校",), ("七(1)班",))
    for what, school, room in product(rights.KINDS, SCHOOLS, ("", "七(1)班", "七(2)班", "七1班")):
        open_to_all = what in (rights.FRONT, rights.HANDBOOK, rights.PUBLISHED)
        assert rights.may(head, what, school, room) is (
            open_to_all or (what, school, room) == (rights.ROOM, "甲校", "七(1)班")
        )
    for role, school in product(rights.ROLES, SCHOOLS):
        assert not rights.may(Person("甲", role, ("甲校", "")), "别的", school)
    assert not rights.may(Person("甲", rights.SCHOOL, ("",)), rights.PAGE, "")


def test_the_session_is_a_cookie_no_script_and_no_other_site_has(site):
    visitor = Visitor(site)
    status, text, headers = visitor.ask("/login")
    assert (status, "<script" in text, headers["Content-Security-Policy"].startswith("default-src 'none'")) == (
        200,
        False,
        True,
    )
    headers = visitor.login("甲", password("甲"))[2]
    (cookie,) = [said for said in headers.get_all("Set-Cookie") if "username" in said]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict"))
    assert "expires" not in cookie.lower()
    assert "no-store" in visitor.ask("/")[2]["Cache-Control"]


def test_who_does_not_know_the_password_learns_nothing(site):
    wrong, unknown, empty = (
        Visitor(site).login(*typed) for typed in (("甲", "不对的密码"), ("没有", password("甲")), ("", ""))
    )

    assert [answer[0] for answer in (wrong, unknown, empty)] == [401] * 3
    assert {text.partition("_xsrf")[0] + text.partition("</label>")[2] for _, text, _ in (wrong, unknown)} == {
        wrong[1].partition("_xsrf")[0] + wrong[1].partition("</label>")[2]
    }
    assert not any(
        "username" in said for _, _, headers in (wrong, unknown) for said in headers.get_all("Set-Cookie", ())
    )


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/?token=", {}), ("/", {"Authorization": "token "}), ("/", {"X-Forwarded-User": "镇".encode()}),
     ("/", {"X-Kongchuo-User": "镇".encode(), "X-Kongchuo-Secret": ""}), ("/", {"Remote-User": "admin"})],
)  # fmt: skip
def test_there_is_no_other_door(site, path, headers):
    assert Visitor(site).status(path, **headers) == 302


def test_a_login_from_elsewhere_does_not_count(site):
    visitor = Visitor(site)
    visitor.ask("/login")
    visitor.cookies.pop("_xsrf")
    assert visitor.post("/login", name="甲", password=password("甲"))[0] == 403


@pytest.mark.parametrize("target", ["//evil.example/x", "http://evil.example", "/\\evil.example", "https:evil.example"])
def test_the_login_leads_nowhere_else(site, target):
    headers = Visitor(site).login("甲", password("甲"), f"/login?next={quote(target)}")[2]
    assert headers["Location"].startswith("/")
    assert not headers["Location"].startswith(("//", "/\\"))


def test_logging_out_ends_it(site):
    visitor = Visitor(site, "甲", password("甲"))
    assert visitor.status("/") == 200
    assert visitor.post("/logout")[0] == 302
    assert visitor.status("/") == 302
    assert visitor.status("/logout") in (302, 405)


CHANGES = {
    "角色": lambda old: accounts.replace(old, schools=("乙校",)),
    "密码": lambda old: accounts.replace(old, hash=PasswordHasher(1, 8, 1).hash("另外的密码")),
    "停用": lambda old: accounts.replace(old, locked=True),
    "删除": lambda old: None,
    "什么都没有变": lambda old: old,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_ends_the_sessions_of_an_account_at_once(site, change):
    new = accounts.Account("临", rights.SCHOOL, ("甲校",), hash=PasswordHasher(1, 8, 1).hash(password("临")))
    site.accounts.change("临", lambda _: new)
    visitor = Visitor(site, "临", password("临"))
    assert visitor.status(PAGE + quote("甲校.html")) == 200

    site.accounts.change("临", CHANGES[change])

    assert visitor.status(PAGE + quote("甲校.html")) == 302
    site.accounts.change("临", lambda _: new)  # whoever has the name next has another session
    assert visitor.status("/") == 302


def test_a_cookie_that_was_touched_is_none(site):
    visitor = Visitor(site, "甲", password("甲"))
    (name,) = [name for name in visitor.cookies if name.startswith("username")]
    for value in (visitor.cookies[name][:-3] + "abc", visitor.cookies[name].replace("|", "", 1), "x", ""):
        visitor.cookies[name] = value
        assert visitor.status("/") == 302


def test_after_many_wrong_tries_nobody_gets_in_and_many_at_once_are_many(site):
    site.accounts.change("试", lambda _: accounts.Account("试", rights.PUBLIC, hash=enrolled_hash("试")))
    with ThreadPoolExecutor(12) as pool:
        answers = [*pool.map(lambda _: Visitor(site).login("试", "不对的密码")[0], range(12))]

    assert sorted(answers) == [401] * 8 + [429] * 4
    assert Visitor(site).login("试", password("试"))[0] == 429
    assert Visitor(site).login("甲", password("甲"))[0] == 302


def enrolled_hash(name):
    return PasswordHasher(1, 8, 1).hash(password(name))


def test_the_office_reads_who_came_and_nothing_of_a_pupil(site, visitors):
    Visitor(site).login("我的密码写错了格", "x")
    visitors["甲"].ask(PAGE + quote("乙校.html"))
    text = visitors["镇"].ask("/audit")[1]

    lines = [json.loads(line) for line in (site.accounts.folder / audit.FILE).read_text("utf-8").splitlines()]
    assert ["甲", audit.REFUSED, rights.PAGE, "乙校", "127.0.0.1"] in [line[1:] for line in lines]
    assert {line[2] for line in lines} >= {audit.OPENED, audit.REFUSED, audit.ENTERED, audit.WRONG}
    assert {line[3] for line in lines} <= {*rights.KINDS, ""}
    assert "我的密码写错了格" not in str(lines)  # whatever was typed for a name, perhaps a password
    assert audit.UNKNOWN in text
    assert text.index("乙校") < text.index("登录")  # newest first


def test_a_kernel_is_its_owners_alone_and_ends_with_the_session(site):
    one, other = (Visitor(site, name, password(name)) for name in ("镇", "镇二"))
    kernel = kernel_of(one.ask("/live/live")[1])
    kernels = f"/api/kernels/{kernel}"
    assert one.status(kernels) == 200
    for who in (other, Visitor(site, "甲", password("甲"))):
        assert who.status(kernels) == 404
        assert who.ask(kernels, "DELETE", X_XSRFToken=who.cookies["_xsrf"])[0] == 404
        assert who.post(f"/voila/api/shutdown/{kernel}")[0] == 404
        with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
            connect(site, who, kernel)
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        connect(site, Visitor(site), kernel)
    assert one.status(kernels) == 200

    connection = connect(site, one, kernel)
    site.accounts.change("镇", lambda old: old)
    connection.send(message("kernel_info_request"))
    assert closing_code(connection) == 1008
    connection.shutdown()


def connect(site, visitor, kernel):
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    address = f"ws://127.0.0.1:{site.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}"
    return websocket.create_connection(address, timeout=20, cookie=cookies, origin=site.origin)


@pytest.mark.parametrize("provider", [identity.Everybody, identity.ByPassword, identity.ByProxy])
def test_every_handler_of_the_site_stands_behind_the_gate(tmp_path, provider):
    """Jupyter's and Voila's own too: what a newer Voila adds is not there until somebody has thought of it."""
    held = enrolled(tmp_path / "accounts") if provider is not identity.Everybody else None
    way = listening.Door(accounts=held, secret=b"x" if provider is identity.ByProxy else b"")
    ours, config = {"shared": tmp_path, "out": tmp_path}, serve.settings(1, tmp_path, tmp_path, way)
    app = serve.App(ours, {}, tmp_path, way, config=config)
    app.initialize([])
    app.connection_dir = str(tmp_path)
    app.init_settings()
    assert type(app.identity_provider) is provider
    every = [spec[1] for spec in app.init_handlers()]

    assert len(every) > 10
    assert [one for one in every if not issubclass(one, Guard) or one.prepare is not Guard.prepare] == [
        archived.Missing,
        archived.Missing,
    ]


def test_every_promise_names_a_test_that_is_there():
    root = Path(__file__).parents[1]
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", (root / "SECURITY.md").read_text("utf-8"))

    assert len(named) > 20
    assert [name for file, name in named if f"def {name}(" not in (root / file).read_text("utf-8")] == []


# --- other computers ----------------------------------------------------------------------------------------------------

SHUT = {  # what was asked for, with accounts or without, and what is said of it
    "没有账号": (False, {"address": "192.168.1.7"}, "先用 kongchuo users add 建账号.*--certificate.*--behind-proxy"),
    "没有证书": (True, {"address": "192.168.1.7"}, "先用 kongchuo users add 建账号.*--certificate.*--behind-proxy"),
    "代理，没有账号": (False, {"address": "192.168.1.7", "behind_proxy": True}, "先用 kongchuo users add"),
    "没有名字": (True, {"address": "0.0.0.0", "behind_proxy": True}, "还要用 --host"),
    "不是地址": (True, {"address": "baogao.cn"}, "不是网络地址"),
    "没有私钥": (True, {"certificate": Path("a.pem")}, "要一起给"),
    "不是证书": (True, {"certificate": Path(__file__), "key": Path(__file__)}, "读不出来"),
    "证书不在那里": (True, {"certificate": Path("没有.pem"), "key": Path(__file__)}, "找不到证书“没有.pem”"),
    "名字写成网址": (True, {"names": ["https://baogao.example.cn"]}, "--host 只写大家打的名字"),
    "名字带端口": (True, {"names": ["baogao.example.cn:8866"]}, "--host 只写大家打的名字"),
    "代理认人，没有代理": (True, {"proxy_names": True}, "要和 --behind-proxy 一起写"),
    "代理认人，没有账号": (False, {"proxy_names": True, "behind_proxy": True}, "要和 --behind-proxy 一起写"),
}


@pytest.mark.parametrize("case", SHUT)
def test_the_door_opens_to_others_only_with_accounts_and_encryption(tmp_path, case):
    with_accounts, asked, said = SHUT[case]
    with pytest.raises(UserError, match=said):
        listening.opened(enrolled(tmp_path / "accounts") if with_accounts else None, **asked)


def test_the_one_computer_needs_nothing(tmp_path):
    assert listening.opened(None) == listening.Door()
    assert listening.Door().identity is identity.Everybody
    held = enrolled(tmp_path / "accounts")
    asked = listening.opened(held, "0.0.0.0", ["Baogao.example.cn"], behind_proxy=True)
    assert asked.names == {"baogao.example.cn", "127.0.0.1", "localhost", "[::1]"}
    assert asked.url(8866) == "http://baogao.example.cn:8866/"


def test_an_address_of_another_computer_is_said(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="不是这台电脑的地址"):
        listening.free(listening.Door("192.0.2.1"), 8866)


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl here to make a certificate")
def test_encrypted_the_session_is_for_encrypted_ways_only(tmp_path):
    """On another address, under the names that were said and no other."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-days",
        "2",
        "-subj",
        "/CN=x",
    ]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    shared, out = filled(tmp_path)
    held = enrolled(tmp_path / "accounts")
    more = f", '0.0.0.0', ['baogao.example.cn'], Path({str(certificate)!r}), Path({str(key)!r})"
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    with serving(tmp_path, shared, out, tmp_path / "notebooks", more=with_door(held, more), tls=context) as site:
        headers = Visitor(site).login("甲", password("甲"))[2]
        cookies = headers.get_all("Set-Cookie")
        assert any("username" in said for said in cookies)
        assert all("Secure" in said for said in cookies)
        asked = (f"baogao.example.cn:{site.port}", "BAOGAO.example.cn", "127.0.0.1", "192.168.1.7", "evil.example", "")
        assert [Visitor(site).status("/", Host=name) for name in asked] == [302, 302, 302, 403, 403, 403]
        site.tls = None
        with pytest.raises((OSError, http.client.HTTPException)):
            site.get("/")


def test_a_proxy_says_who_it_is_and_nobody_else_does(tmp_path):
    """As behind a single sign-on: the name in one header, believed beside the secret alone; no password, no cookie."""
    shared, out = filled(tmp_path)
    held = enrolled(tmp_path / "accounts")
    more = with_door(held, ", behind_proxy=True, proxy_names=True")
    with serving(tmp_path, shared, out, tmp_path / "notebooks", more=more) as site:
        secret = (held.folder / listening.SECRET).read_text()
        assert len(secret) > 40
        own = PAGE + quote("甲校.html")

        def seen(name, told=secret, path="", **more):
            return Visitor(site).ask(path or own, X_Kongchuo_User=name.encode(), X_Kongchuo_Secret=told, **more)[:2]

        assert [seen(name)[0] for name in "甲乙督镇众"] == [200, 403, 200, 200, 403]
        for name, told in (("镇", ""), ("镇", secret[:-1]), ("镇", secret + "x"), ("没有", secret), ("", secret)):
            status, text = seen(name, told)
            assert (status, "不知道您是谁" in text) == (403, True)
        assert Visitor(site).status("/") == 403
        assert Visitor(site).status("/login") == 404
        held.change("镇", lambda old: accounts.replace(old, locked=True))
        assert seen("镇")[0] == 403
        text = seen("甲", path="/", X_Forwarded_For="10.9.8.7")[1]
        assert "甲　学校　甲校" in text
        assert "退出" not in text
        assert "10.9.8.7" in (held.folder / audit.FILE).read_text("utf-8")
    if os.name != "nt":
        assert stat.S_IMODE((held.folder / listening.SECRET).stat().st_mode) == 0o600


# --- the command --------------------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path, monkeypatch):
    (tmp_path / places.MARK).write_text("shared: workbooks\nout: runs\n", "utf-8")
    monkeypatch.setenv(places.HOME, str(tmp_path))
    monkeypatch.setattr(accounts, "HASHER", PasswordHasher(1, 8, 1))
    return tmp_path


def typed(monkeypatch, capsys, *words, said=""):
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    code = cli.main(["users", *words, "--workbooks", "没有"])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def test_accounts_are_made_changed_and_listed_as_typed(office, monkeypatch, capsys):
    def run(*words, said=""):
        return typed(monkeypatch, capsys, *words, said=said)

    assert accounts.of_office() is None
    assert run("list") == (0, "还没有账号。\n")
    assert run("add", "张老师", "--role", "学校", "--school", "甲校", said="一二三四五六七八\n") == (
        0,
        "已建账号：张老师　学校　甲校\n",
    )
    held = accounts.of_office()
    assert held.checked("张老师", "一二三四五六七八")
    first = held.get("张老师").version
    assert run("role", "张老师", "--role", "督查")[0] == 0
    assert held.get("张老师").version != first
    assert held.get("张老师").schools == ()
    assert run("password", "张老师", said="八七六五四三二一\n")[0] == 0
    assert (held.checked("张老师", "一二三四五六七八"), bool(held.checked("张老师", "八七六五四三二一"))) == (
        None,
        True,
    )
    assert run("lock", "张老师")[0] == 0
    assert held.get("张老师") is held.checked("张老师", "八七六五四三二一") is None
    assert "已停用" in run("list")[1]
    assert run("unlock", "张老师")[0] == 0
    assert held.checked("张老师", "八七六五四三二一")
    assert run("remove", "张老师")[0] == 0
    assert run("list") == (0, "还没有账号。\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has lists of who may, no modes")
def test_nobody_else_of_the_machine_reads_the_accounts_and_no_password_stands_in_them(office, monkeypatch, capsys):
    typed(monkeypatch, capsys, "add", "张", "--role", "中心学校", said="一二三四五六七八\n")
    file = office / "accounts" / "accounts.json"

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "一二三四" not in file.read_text("utf-8")
    assert "$argon2id$" in file.read_text("utf-8")


WRONG = {
    "没有账号": (("lock", "李"), "", 3, "没有账号“李”"),
    "没有角色": (("add", "李"), "12345678\n", 2, "公开、班主任、学校、督查、中心学校"),
    "没有学校": (("add", "李", "--role", "学校"), "12345678\n", 2, "要写是哪所学校"),
    "两所学校": (
        ("add", "李", "--role", "班主任", "--school", "甲校", "--school", "乙校", "--class", "七(1)班"),
        "12345678\n",
        2,
        "只写一所学校",
    ),
    "没有班级": (("add", "李", "--role", "班主任", "--school", "甲校"), "12345678\n", 2, "要写是哪个班"),
    "多了学校": (("add", "李", "--role", "督查", "--school", "甲校"), "12345678\n", 2, "不写是哪所学校"),
    "太短": (("add", "李", "--role", "督查"), "1234567\n", 3, "密码至少8个字"),
    "没有密码": (("add", "李", "--role", "督查"), "", 3, "密码至少8个字"),
    "和账号一样": (("add", "abcdefgh", "--role", "督查"), "ABCDEFGH\n", 3, "不能和账号一样"),
    "名字": (("add", "a b", "--role", "督查"), "12345678\n", 2, "只用汉字、字母、数字"),
    "没有写": (("add",), "", 2, "请写账号"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_order_is_one_sentence_and_changes_nothing(office, monkeypatch, capsys, case):
    words, said, code, expected = WRONG[case]
    found, shown = typed(monkeypatch, capsys, *words, said=said)

    assert (found, expected in shown, shown.count("\n")) == (code, True, 1)
    assert not (office / "accounts" / "accounts.json").exists()


def test_an_account_is_made_once(office, monkeypatch, capsys):
    typed(monkeypatch, capsys, "add", "李", "--role", "督查", said="12345678\n")
    assert "已经有账号" in typed(monkeypatch, capsys, "add", "李", "--role", "公开", said="12345678\n")[1]
    assert accounts.of_office().get("李").role == rights.INSPECTOR


def test_a_school_is_one_of_the_registry(tmp_path):
    project(tmp_path, ["甲校"])
    with pytest.raises(UserError, match="没有“乙校”这所学校，请写学校全称：甲校"):
        accounts.users(tmp_path, "add", "李", "学校", ["乙校"], known={"甲校": []})


def test_a_class_is_one_of_its_school(tmp_path):
    project(tmp_path, ["甲校"])
    asked = ("add", "李", "班主任", ["甲校"])
    with pytest.raises(UserError, match=r"甲校没有“七\(9\)班”这个班，有：七\(1\)班、七\(2\)班"):
        accounts.users(tmp_path, *asked, ["七(9)班"], known={"甲校": ["七(1)班", "七(2)班"]}, by_proxy=True)
    assert "七(2)班" in accounts.users(
        tmp_path, *asked, ["七2班"], known={"甲校": ["七(1)班", "七(2)班"]}, by_proxy=True
    )


def test_a_file_that_nobody_can_read_lets_nobody_in(tmp_path):
    held = enrolled(tmp_path / "accounts")
    assert held.get("甲")
    held.file.write_text("{", "utf-8")
    assert held.get("甲") is None
    with pytest.raises(UserError, match="读不出来"):
        held.all()
