"""What each member of staff has to do, as counts: text to copy, mail, and a message to a group of 企业微信 or 钉钉.

No pupil is named and nothing is sent unless the office's kongchuo.yaml says so; every text passes the gate as one for everybody. Keys and
passwords stand in the environment, never in a file of the office, and no address with a key in it is ever said or logged.
"""

import base64
import hashlib
import hmac
import html
import json
import os
import smtplib
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from ..commands import opening, settings
from ..core import declarations, places, policy
from ..core.editions import PUBLIC
from ..core.findings import Finding, UserError
from ..core.names import telling_names
from ..core.numbers import natural
from . import gate

WITHIN = 7  # days that what is due soon lies ahead, where the office says nothing
SECONDS = 20  # that another machine is waited for
LONGEST = 2000  # bytes of one message; 企业微信 takes 2,048
HERE = ("127.0.0.1", "localhost", "::1")
NOBODY = "没有写明由谁办"
KEYS = ("on", "within", "mail", "webhooks")
MAIL = ("host", "port", "user", "password_env", "sender", "to")
WEBHOOK = ("kind", "url_env", "secret_env")
KINDS = ("企业微信", "钉钉")


@dataclass(frozen=True)
class Notice:
    """What is to be done: the day of the data, a text for each school (and the centre), workbooks that could not be read; in words
    what is counted nowhere, since nobody can tell its day.
    """

    as_of: str
    texts: dict[str, str]
    unread: tuple[Finding, ...] = ()
    broken: tuple[str, ...] = ()
    left_out: str = ""

    @property
    def whole(self) -> str:
        """All schools, one after the other."""
        return "\n\n".join(self.texts.values())


def notice(path: Path, within: int, as_of: object = None) -> Notice:
    """What is overdue or due within so many days, counted by school, person and deadline. Raises Blocked where a name stands in it."""
    found = opening.due([path], within, as_of)
    rows = found.rows.assign(who=found.rows["who"].where(found.rows["who"].astype(bool)).fillna(NOBODY))
    texts = {}
    for home in sorted(rows["home"].unique(), key=natural):
        own = rows[rows["home"] == home]
        lines = [f"{home}　控辍保学待办，数据截至 {found.as_of}"]
        for who, mine in own.groupby("who", sort=True):
            late, soon = mine[mine["days"] < 0], mine[mine["days"] >= 0]
            said = [(f"逾期 {len(late)} 项", late), (f"{within} 天内到期 {len(soon)} 项", soon)]
            lines.append(f"{who}：" + "；".join(f"{text}（{_titles(part)}）" for text, part in said if len(part)))
        texts[home] = "\n".join(lines)
    names, held = telling_names(found.town), policy.current(found.as_of)
    for text in texts.values():
        page = "".join(f"<p>{html.escape(line)}</p>" for line in text.splitlines())
        gate.gate(page, PUBLIC, names, held["public_minimum"])
    return Notice(f"{found.as_of}", texts, found.unread, found.broken, found.left_out)


def _titles(rows: object) -> str:
    return "，".join(f"{title} {number}" for title, number in rows["title"].value_counts().items())


# --- What the office wants ------------------------------------------------------------------------------------------------
def wanted(home: Path | None) -> dict[str, object]:
    """The part `notify` of an office's kongchuo.yaml; {} where nothing is to be sent. Raises UserError where it cannot be meant."""
    held = (settings.settings(home).get("notify") or {}) if home else {}
    path = (home or Path()) / places.MARK
    try:
        declarations.strict(path, "notify", held, KEYS, ())
        declarations.strict(
            path, "mail", held.get("mail") or {}, MAIL, ("host", "sender", "to") if held.get("mail") else ()
        )
        for hook in held.get("webhooks") or ():
            declarations.strict(path, "webhooks", hook, WEBHOOK, ("kind", "url_env"))
            if hook["kind"] not in KINDS:
                raise UserError(f"“{path}”的 webhooks 里，kind 只能写 {'、'.join(KINDS)}，现在是“{hook['kind']}”。")
    except declarations.SchemaError as error:
        raise UserError(f"“{path}”写错了：{error}") from error
    return held if held.get("on") is True else {}


def send(told: Notice, held: Mapping[str, object], say: Callable[[str], None]) -> int:
    """Send the notice as an office wants it; `say` is told what went where. Returns how much could not be sent."""
    failed = 0
    for what, deliver in _deliveries(told, held):
        try:
            deliver()
        except (OSError, smtplib.SMTPException, UserError) as error:
            failed += 1
            say(f"没有发出：{what}，{_why(error)}")
        else:
            say(f"已发出：{what}")
    return failed


def _deliveries(told: Notice, held: Mapping[str, object]) -> Iterator[tuple[str, Callable[[], None]]]:
    mail = held.get("mail") or {}
    for home, addresses in (mail.get("to") or {}).items():
        many = [addresses] if isinstance(addresses, str) else list(addresses)
        if text := told.whole if home == places.TOWN else told.texts.get(home, ""):
            yield f"{home} 的邮件", lambda text=text, many=many: _mail(mail, many, told.as_of, text)
    for hook in held.get("webhooks") or ():
        for text in _pieces(told.whole):
            yield f"{hook['kind']}消息", lambda hook=hook, text=text: _post(hook, text)


def _why(error: BaseException) -> str:
    """In Chinese, and without what the error itself says: it may hold an address with its key."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return "邮箱的用户名或密码不对"
    if isinstance(error, urllib.error.HTTPError):
        return f"对方答复 {error.code}"
    return "连不上，或连接中断了"


def _secret(name: object) -> str:
    """What an environment variable holds. Raises UserError where there is none."""
    if found := os.environ.get(str(name)):
        return found
    raise UserError(f"没有环境变量 {name}，请先设好（网址和密码不写在文件里）")


# --- Mail -------------------------------------------------------------------------------------------------------------------
def _mail(held: Mapping[str, object], to: list[str], day: str, text: str) -> None:
    """One mail, encrypted on its way unless it stays on this machine."""
    message = EmailMessage()
    message["Subject"] = f"控辍保学待办 {day}"
    message["From"], message["To"] = str(held["sender"]), ", ".join(map(str, to))
    message.set_content(text)
    host, port, secure = str(held["host"]), int(held.get("port", 465)), ssl.create_default_context()
    whole = port == 465
    with (
        smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=secure)
        if whole
        else smtplib.SMTP(host, port, timeout=SECONDS)
    ) as server:
        if not whole and host not in HERE:
            server.starttls(context=secure)
        if held.get("user"):
            server.login(str(held["user"]), _secret(held.get("password_env")))
        server.send_message(message)


# --- Messages to a group ------------------------------------------------------------------------------------------------------
def _pieces(text: str) -> Iterator[str]:
    """A text in pieces that a message may hold, cut between lines."""
    piece = ""
    for line in text.splitlines():
        if piece and len(f"{piece}\n{line}".encode()) > LONGEST:
            yield piece.strip()
            piece = ""
        piece = f"{piece}\n{line}"
    if piece.strip():
        yield piece.strip()


def _post(hook: Mapping[str, str], text: str) -> None:
    url = _secret(hook["url_env"])
    asked = urllib.parse.urlsplit(url)
    if asked.scheme != "https" and asked.hostname not in HERE:
        raise UserError(f"环境变量 {hook['url_env']} 里的网址应以 https 开头")
    if hook.get("secret_env"):
        url += f"&{urllib.parse.urlencode(_signed(_secret(hook['secret_env']), round(time.time() * 1000)))}"
    body = json.dumps({"msgtype": "text", "text": {"content": text}}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json; charset=utf-8"})
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        said = answer.read(10_000)
    try:
        code = json.loads(said)["errcode"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError("对方的答复看不懂，多半网址不对") from error
    if code != 0:
        raise UserError(f"对方没有收下，错误码 {code}")


def _signed(secret: str, now: int) -> dict[str, str]:
    """What 钉钉 wants behind the address of a robot with a secret: the time in milliseconds, and its signature."""
    mark = hmac.new(secret.encode(), f"{now}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": f"{now}", "sign": base64.b64encode(mark).decode()}
