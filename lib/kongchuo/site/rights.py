"""Who may open what: one table and one function, which every request to the site is put to.

What a page holds is decided where it is made (core.editions); this decides who opens it. What is not in the table is refused.
"""

import unicodedata
from dataclasses import dataclass

from ..core import editions

ROLES = PUBLIC, CLASS, SCHOOL, INSPECTOR, CENTRE = ("公开", "班主任", "学校", "督查", "中心学校")
PEOPLES = "people"  # the notebook whose pages name pupils, and have those of classes beside them
NOBODY, OWN, EVERY = "", "own", "every"  # of no school, of those the account holds, of every school and the town

# kinds of address, as the audit says them
KINDS = FRONT, HANDBOOK, PUBLISHED, PAGE, PAPER, PEOPLE, ROOM, CASE, RETURNED, LIVE, WORK, AUDIT = (
    "首页", "手册", "公开版", "报告", "材料", "学生和班级", "班级页", "个案版", "标好的副本", "互动查看", "生成和打印", "访问记录",
)  # fmt: skip
MADE = (PUBLISHED, PAGE, PAPER, PEOPLE, ROOM, CASE)  # what runs have left, about a school or the town
MAY_OPEN = {
    kind: dict(zip(ROLES, scopes, strict=True))
    for kind, *scopes in (
        #            公开    班主任  学校    督查    中心学校
        (FRONT,      EVERY,  EVERY,  EVERY,  EVERY,  EVERY),
        (HANDBOOK,   EVERY,  EVERY,  EVERY,  EVERY,  EVERY),
        (PUBLISHED,  EVERY,  EVERY,  EVERY,  EVERY,  EVERY),
        (PAGE,       NOBODY, NOBODY, OWN,    EVERY,  EVERY),
        (PAPER,      NOBODY, NOBODY, OWN,    EVERY,  EVERY),
        (PEOPLE,     NOBODY, NOBODY, OWN,    NOBODY, EVERY),
        (ROOM,       NOBODY, OWN,    OWN,    NOBODY, EVERY),
        (CASE,       NOBODY, NOBODY, OWN,    NOBODY, EVERY),
        (RETURNED,   NOBODY, NOBODY, OWN,    NOBODY, EVERY),
        (LIVE,       NOBODY, NOBODY, OWN,    NOBODY, EVERY),  # a school's kernel holds pages of its own, no rows (answering)
        (WORK,       NOBODY, NOBODY, NOBODY, NOBODY, EVERY),  # what is made is of every school
        (AUDIT,      NOBODY, NOBODY, NOBODY, NOBODY, EVERY),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Who asks: the name of an account, its role, the schools it holds (full names), and of a 班主任 the classes."""

    name: str
    role: str
    schools: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


HERE = Person("本机", CENTRE)  # who sits at the one computer that has no accounts


def folded(name: str) -> str:
    """The name of an account as it is compared: full-width letters are letters."""
    return unicodedata.normalize("NFKC", name).strip()


def may(person: Person, what: str, school: str = "", room: str = "") -> bool:
    """Whether a person may open one of KINDS about a school (and one class of it), or about the whole town (school ""). This is the
    whole policy."""
    scope = MAY_OPEN.get(what, {}).get(person.role, NOBODY)
    own = school != "" and school in person.schools and (person.role != CLASS or room in person.classes)
    return scope == EVERY or (scope == OWN and own)


def kind(notebook: str, edition: str, paper: bool) -> str:
    """The kind of what a run has left: by its edition, else by its notebook and whether it is a paper beside the page."""
    if edition == editions.PUBLIC:
        return PUBLISHED
    if edition == editions.CASE:
        return CASE
    if notebook == PEOPLES:
        return ROOM if paper else PEOPLE
    return PAPER if paper else PAGE
