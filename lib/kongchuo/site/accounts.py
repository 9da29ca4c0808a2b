"""Accounts of the site: who has one, with which password, role and schools. One private file in the office's own folder.

Passwords are kept as Argon2 hashes. Every change gives an account a new version; sessions hold the version they began under.
"""

import getpass
import json
import re
import secrets
import sys
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error

from ..core import places
from ..core.findings import UsageError, UserError
from ..excel import saving
from ..facts.references import class_label
from ..publishing import archive
from .rights import CLASS, ROLES, SCHOOL, Person, folded

FOLDER, FILE = "accounts", "accounts.json"  # in the office's folder; the audit lies there as well
NAME = re.compile(r"[\w.@-]{1,40}")
SHORTEST, LONGEST = 8, 200  # characters of a password
OF_A_SCHOOL = (SCHOOL, CLASS)  # roles that are of no use without one
HASHER = PasswordHasher()


@dataclass(frozen=True)
class Account(Person):
    """A person with what the machine needs to know: the hash ("" where only a proxy says who it is), the version, the lock."""

    hash: str = ""
    version: str = ""
    locked: bool = False


class Accounts:
    """The accounts of a folder, by name; read again when the file changes."""

    def __init__(self, where: Path) -> None:
        self.folder, self.file = where, where / FILE
        self._seen, self._held = None, {}

    def all(self) -> dict[str, Account]:
        """Every account. Raises UserError for a file that is none of ours."""
        try:
            stat = self.file.stat()
            if (now := (stat.st_mtime_ns, stat.st_size, stat.st_ino)) != self._seen:
                rows = json.loads(saving.patiently(self.file.read_text, "utf-8"))
                made = [Account(**row | {key: tuple(row[key]) for key in ("schools", "classes")}) for row in rows]
                self._seen, self._held = now, {one.name: one for one in made}
            return self._held
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(f"账号文件“{self.file}”读不出来；请从备份恢复，或删掉它重新建账号") from error

    def get(self, name: str) -> Account | None:
        """The account of a name that is not locked."""
        try:
            found = self.all().get(folded(name))
        except UserError:  # as long as nobody can read it nobody is let in
            return None
        return None if found is None or found.locked else found

    def checked(self, name: str, password: str) -> Account | None:
        """The account whose name and password these are; as long in coming for a name that there is not."""
        found = self.get(name)
        try:
            HASHER.verify((found and found.hash) or _nobody(), unicodedata.normalize("NFKC", password[:LONGEST]))
        except Argon2Error:
            return None
        return found if found and found.hash else None

    def change(self, name: str, alter: Callable[[Account | None], Account | None]) -> None:
        """Put in the place of an account what `alter` makes of it (None: there is none), with a new version."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        saving.private(self.folder)
        with archive.alone(self.folder, "另一个窗口正在改账号，请稍后再试"):
            held = dict(self.all())
            if new := alter(held.pop(name, None)):
                held[name] = replace(new, version=secrets.token_hex(8))
            rows = [asdict(held[one]) for one in sorted(held)]
            saving.write_copy(self.file, json.dumps(rows, ensure_ascii=False, indent=1).encode())


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_hex(16))


def of_office() -> Accounts | None:
    """The accounts of the office one works in; None where there is no office, or it has none."""
    home = places.office()
    held = Accounts(home / FOLDER) if home else None
    return held if held and held.all() else None


# --- what `kongchuo users` does: by action what is said of it, and what becomes of the account -----------------------------
ACTIONS: dict[str, tuple[str, Callable[[Account | None, Person | None, str], Account | None]]] = {
    "add": ("已建账号：{}", lambda _, person, made: Account(**asdict(person), hash=made)),
    "role": ("已改：{}。已经登录的要重新登录。", lambda old, person, _: replace(old, **asdict(person))),
    "password": ("密码已换：{}。已经登录的要重新登录。", lambda old, _, made: replace(old, hash=made)),
    "lock": ("{}。已经登录的立即退出。", lambda old, *_: replace(old, locked=True)),
    "unlock": ("已恢复：{}", lambda old, *_: replace(old, locked=False)),
    "remove": ("已删除：{}。已经登录的立即退出。", lambda *_: None),
}


def users(
    home: Path,
    action: str,
    name: str = "",
    role: str = "",
    schools: Sequence[str] = (),
    classes: Sequence[str] = (),
    *,
    known: Mapping[str, Collection[str]] = MappingProxyType({}),
    by_proxy: bool = False,
) -> str:
    """Do to the accounts of an office what `kongchuo users` was asked to; returns what is to be said of it.

    `known` are the schools there are with their classes, none where that cannot be told. Raises UserError, with nothing changed.
    """
    held, name = Accounts(home / FOLDER), folded(name)
    if action == "list":
        return "\n".join(map(_said, held.all().values())) or "还没有账号。"
    if not NAME.fullmatch(name):
        raise UsageError("请写账号，只用汉字、字母、数字和 . _ - @，最多40个字")

    def there(old: Account | None) -> Account | None:
        if action == "add" and old:
            raise UserError(f"已经有账号“{name}”；要改角色用 role，要换密码用 password")
        if action != "add" and not old:
            raise UserError(f"没有账号“{name}”；有哪些账号，用 list 看")
        return old

    before = there(held.all().get(name))
    person = _person(name, role, tuple(schools), tuple(classes), known) if action in ("add", "role") else None
    made = _hash(name) if action == "password" or (action == "add" and not by_proxy) else ""
    says, alter = ACTIONS[action]
    held.change(name, lambda old: alter(there(old), person, made))
    return says.format(_said(held.all().get(name) or before))


def _hash(name: str) -> str:
    """The hash of a new password: asked twice on a terminal, else the first line of stdin."""
    terminal = sys.stdin.isatty()
    given = getpass.getpass("新密码：") if terminal else sys.stdin.readline().rstrip("\r\n")
    if terminal and getpass.getpass("再输一遍：") != given:
        raise UserError("两次输入的密码不一样，请再运行一次")
    if not SHORTEST <= len(given) <= LONGEST:
        raise UserError(f"密码至少{SHORTEST}个字，最多{LONGEST}个字")
    if folded(given).casefold() == name.casefold():
        raise UserError("密码不能和账号一样")
    return HASHER.hash(unicodedata.normalize("NFKC", given))


def _person(name: str, role: str, schools: tuple, classes: tuple, known: Mapping[str, Collection[str]]) -> Person:
    if role not in ROLES:
        raise UsageError(f"请用 --role 写角色，是这几种之一：{'、'.join(ROLES)}")
    if (role in OF_A_SCHOOL) != bool(schools):
        raise UsageError(f"“{role}”{'要' if role in OF_A_SCHOOL else '不'}写是哪所学校（--school 学校全称）")
    if role == CLASS and len(schools) > 1:
        raise UsageError("“班主任”只写一所学校（--school 写一次）")
    if (role == CLASS) != bool(classes):
        raise UsageError(f"“{role}”{'要' if role == CLASS else '不'}写是哪个班（--class 班级）")
    if unknown := [one for one in schools if known and one not in known]:
        raise UserError(f"没有“{'、'.join(unknown)}”这所学校，请写学校全称：{'、'.join(known)}")
    classes = tuple(map(class_label, classes))  # as the page of a class is called
    rooms = [room for one in schools for room in known.get(one, ())]
    if unknown := [one for one in classes if rooms and one not in rooms]:
        raise UserError(f"{schools[0]}没有“{'、'.join(unknown)}”这个班，有：{'、'.join(rooms)}")
    return Person(name, role, schools, classes)


def _said(one: Account) -> str:
    more = [] if one.hash else ["没有密码，由代理认人"]
    return "　".join([one.name, one.role, *one.schools, *one.classes, *more, *(["已停用"] if one.locked else [])])
