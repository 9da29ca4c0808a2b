"""Invented people: names nobody bears, identity numbers of areas that do not exist, families with siblings.

Nothing here can be taken for a living person: surnames are heavenly stems that are no common surnames, area codes begin
with 99, which GB/T 2260 does not use, and telephone numbers begin with 10, which no mobile number does.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from random import Random

from kongchuo.core import schema
from kongchuo.core.id_numbers import check_character

from . import days

STEMS = "甲乙丙戊己庚壬癸"  # the ten heavenly stems without 丁 and 辛, which are real surnames
GIVEN = "春夏秋冬梅兰竹菊荷莲桃杏梨桂枫柳榆槐桐樟椿楠柏松芦蒲萍菱麦稻谷粟禾苗芽叶花果蕊葵芹茶棉桑茜艾萱芷蕙薇芍芙蓉藤笋枣栗柿橘柚橙榴霜雪雨露云霞风虹晨曦"
NUMERALS = "零一二三四五六七八九"
AREA = 990000
ELSEWHERE = 998000  # area code of those whose 户籍 is elsewhere
POOR = ("脱贫户", "监测户", "低保", "特困供养")
# in the order of codes.yaml
GROUPS = (*POOR, "孤儿", "事实无人抚养", "困境", "残疾", "残疾人子女", "留守", "随迁", "涉案", "单亲")


def numeral(number: int) -> str:
    """A number from 1 to 999 in Chinese numerals: 12 -> 十二, 105 -> 一百零五."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{NUMERALS[hundreds]}百" if hundreds else ""
    if tens:
        text += ("" if tens == 1 and not hundreds else NUMERALS[tens]) + "十"
    elif hundreds and ones:
        text += "零"
    return text + (NUMERALS[ones] if ones else "")


def id_number(area: int, birth: dt.date, serial: int) -> str:
    """An 18-character identity number with its check character (GB 11643-1999); an odd serial means male."""
    body = f"{area:06d}{birth:%Y%m%d}{serial:03d}"
    return body + check_character(body)


class Register:
    """Hands out what must not occur twice: staff names, name and birth date together, identity numbers, telephones."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._names: set[str] = set()
        self._born: set[tuple[str, dt.date]] = set()
        self._serials: dict[tuple[int, dt.date], int] = {}
        self._phones = count(1)

    def name(self, surname: str = "") -> str:
        """Some name; others may bear it too."""
        given = self.random.choice(GIVEN) + self.random.choice(GIVEN)
        return (surname or self.random.choice(STEMS)) + given

    def own_name(self) -> str:
        """A name no other person of the staff and the villages has: staff are entered by name."""
        while (name := self.name()) in self._names:
            pass
        self._names.add(name)
        return name

    def child_name(self, surname: str, birth: dt.date) -> str:
        """A name no other child born that day has, and nobody of the staff and the villages: a page that may not name a child names them."""
        while (name := self.name(surname)) in self._names or (name, birth) in self._born:
            pass
        self._born.add((name, birth))
        return name

    def id_number(self, area: int, birth: dt.date, male: bool) -> str:
        """The next free number of the area, day and sex; never one ending in 000, which looks cut off by Excel."""
        while True:
            used = self._serials.get((area, birth), self.random.randrange(10, 400) * 2)
            self._serials[area, birth] = used + 2
            number = id_number(area, birth, used + male)
            if not number.endswith("000"):
                return number

    def phone(self) -> str:
        """Eleven digits that no telephone has."""
        return f"10{next(self._phones):09d}"


@dataclass(slots=True, eq=False, repr=False)  # all of a town hang together: a repr would never end
class Family:
    """Children of one household share all of this. `left` is the 留守类型; `poor` one of POOR or empty."""

    number: int
    village: object  # schools.Village
    surname: str
    group: str
    father: str
    mother: str
    father_tel: str
    mother_tel: str
    guardian: str
    guardian_rel: str
    guardian_tel: str
    householder: str
    left: str = "非留守"
    poor: str = ""
    others: tuple[str, ...] = ()  # 孤儿, 单亲, 残疾人子女 ...: what the sheet 随迁与孤困 lists, but 随迁
    migrant: bool = False
    away: str = ""  # where the whole family lives, when it has left
    care: str = "较好"

    @property
    def address(self) -> str:
        """Where the family lives, to the village group."""
        return f"示例镇{self.village.name}{self.group}"


@dataclass(slots=True, eq=False, repr=False)  # all of a town hang together: a repr would never end
class Child:
    """A child of the township. `home` is the class at the start of the year, or the first one; None when on no roster."""

    birth: dt.date
    male: bool
    village: object
    grade: int = 0
    home: object = None  # schools.SchoolClass
    study: str = "本镇在读"  # 就学状态 of the census
    key: str = ""
    name: str = ""
    family: Family | None = None
    id_no: str = ""
    status_no: str = ""
    ethnicity: str = "汉族"
    seat: int = 0
    entry: dt.date | None = None  # when he or she entered this stage of school
    boarding: bool = False
    disability: tuple[str, str] | None = None  # 残疾类别, 残疾等级
    chronic: bool = False
    weak: bool = False
    weary: bool = False
    base_state: str = "在读"  # at the start of the year; empty for those who came later
    status: str = "在读"
    status_date: dt.date | None = None
    guest: bool = False
    taken: bool = False  # has a change or a case this term: nothing else may happen to the child
    current: object = None  # the class now, when it is no longer `home`
    moved_to: object = None  # the class in another school of the township, after a transfer inside it
    helper: str = ""  # the teacher who looks after the child, when it is not the class teacher
    absences: list = field(default_factory=list)

    @property
    def cells(self) -> dict[str, object]:
        """What the sheets say of the child, by column; names of columns mean the same in all of them."""
        house = self.family
        return {
            "student_key": self.key, "name": self.name, "sex": self.sex, "ethnicity": self.ethnicity, "birth_date": self.birth,
            "id_type": "居民身份证" if self.id_no else "其他", "id_no": self.id_no, "status_no": self.status_no, "grade": self.grade,
            "class_id": self.home.class_id if self.home else "", "boarding": "住校" if self.boarding else "走读",
            "groups": "、".join(self.groups), "village_code": house.village.name, "householder": house.householder,
            "father": house.father, "father_tel": house.father_tel, "mother": house.mother, "mother_tel": house.mother_tel,
            "guardian": house.guardian, "guardian_rel": house.guardian_rel, "guardian_tel": house.guardian_tel,
        }  # fmt: skip

    @property
    def sex(self) -> str:
        """男 or 女."""
        return "男" if self.male else "女"

    @property
    def groups(self) -> tuple[str, ...]:
        """特殊群体, in the order of the code list."""
        family = self.family
        found = {family.poor, *family.others}
        found |= {name for name, held in (("残疾", self.disability), ("随迁", family.migrant)) if held}
        if family.left != "非留守" and self.grade:
            found.add("留守")
        return tuple(name for name in GROUPS if name in found)


@cache
def _columns(sheet: str) -> frozenset[str]:
    return frozenset(schema.default().sheets[sheet].by_name)


def filled(sheet: str, *of: object, **cells: object) -> dict[str, object]:
    """A row of a sheet: the school year and the `cells` of those it is `of` (child, class, school, member of staff, or another
    row of theirs), as far as the sheet has such columns, then what else is given. What is empty has no entry.
    """
    known = {"school_year": days.YEAR}
    for one in of:
        known |= one if isinstance(one, dict) else one.cells
    columns = _columns(sheet)
    row = {name: value for name, value in known.items() if name in columns} | cells
    return {name: value for name, value in row.items() if value not in ("", None)}


def birth_of(random: Random, grade: int, autumn: int = 2023) -> dt.date:
    """A birth date of those expected in `grade` in that autumn: expected grade = autumn - b - 5, where b is the birth
    year, plus 1 if born in September-December (domain.md 2.1). Below 1: the cohorts still to come."""
    first = dt.date(autumn - 6 - grade, 9, 1)
    return first + dt.timedelta(days=random.randrange(365))


def family(register: Register, village: object, number: int, *, migrant: bool = False, away: str = "") -> Family:
    """A new household with its guardian and its lot; shares are our guess of a farming township."""
    random = register.random
    surname = random.choice(STEMS)
    father, mother = register.name(surname), register.name()
    telephones = register.phone(), register.phone(), register.phone()
    left, poor, others = "非留守", "", ()
    if not migrant and not away:
        left = random.choices(("非留守", "单亲留守", "双亲留守"), (82, 12, 6))[0]
        poor = random.choices(("", *POOR), (895, 60, 10, 30, 5))[0]
        lots = ((), ("孤儿",), ("事实无人抚养",), ("困境",), ("单亲",), ("残疾人子女",))
        others = random.choices(lots, (962, 2, 3, 3, 22, 8))[0]
    if others in (("孤儿",), ("事实无人抚养",)):
        left, poor = "非留守", ""
    if others == ("单亲",) and left == "双亲留守":
        left = "单亲留守"
    if others == ("孤儿",):
        father = mother = ""
    orphan = others in (("孤儿",), ("事实无人抚养",))
    if orphan or left == "双亲留守":
        guardian_rel = random.choice(("祖父", "祖母", "外祖父", "外祖母"))
        guardian = register.name(surname if guardian_rel == "祖父" else "")
    else:
        guardian_rel = "父亲" if random.random() < 0.45 and left == "非留守" else "母亲"
        guardian = father if guardian_rel == "父亲" else mother
    tel = {"父亲": telephones[0], "母亲": telephones[1]}.get(guardian_rel, telephones[2])
    group = f"{numeral(random.randint(1, 9))}组"
    care = random.choices(("较好", "一般", "差"), (70, 28, 2))[0] if left != "非留守" else "较好"
    return Family(
        number, village, surname, group, father, mother, telephones[0] if father else "",
        telephones[1] if mother else "", guardian, guardian_rel, tel, father if father and not orphan else guardian,
        left, poor, others, migrant, away, care,
    )  # fmt: skip
