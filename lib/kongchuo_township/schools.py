"""Villages, schools, classes and staff of the example township, and the rows of 基础信息 about them.

A township of n schools has one junior school (初中) for about twelve primaries; each junior school and its primaries form a
cluster, with one tiny teaching point (教学点, grades 1-3) beside the primaries.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kongchuo.core.schema import CENTRE

from . import days
from .people import Register, numeral

TOWN = "示例镇"
OFFICE_CODE, OFFICE_NAME = "SLZX", "示例镇中心学校"
STAGES = {"初中": (7, 9), "小学": (1, 6), "教学点": (1, 3)}
OFFICE_TITLES = ("校长", "副校长", "会计", "学籍员", "中教员", "报账员", "体育员", "资助员", "幼教员")
LEADER_TITLES = ("副校长", "教导主任", "总务主任", "政教主任", "工会主席", "团委书记")
POINT_SIZES = (6, 8, 7)
FULL = 48  # pupils from which a grade is split into two classes
SPRING = days.dt.date(2019, 9, 1)


@dataclass(slots=True, eq=False)
class Staff:
    """One member of staff; `title` is the same in every sheet (G06)."""

    staff_id: str
    name: str
    title: str
    roles: list[str]
    phone: str


@dataclass(slots=True, eq=False, repr=False)  # all of a town hang together: a repr would never end
class Village:
    """An administrative village with its officer; children go to `primary` and `junior`."""

    code: str
    name: str
    contact: str
    tel: str
    area: int
    primary: School | None = None
    junior: School | None = None


@dataclass(slots=True, eq=False, repr=False)  # all of a town hang together: a repr would never end
class SchoolClass:
    """A class. `pupils` are all who were in it at any time of the year."""

    class_id: str
    name: str
    grade: int
    school: School
    head: Staff
    size: int
    teachers: list[Staff] = field(default_factory=list)
    pupils: list = field(default_factory=list)


@dataclass(slots=True, eq=False, repr=False)  # all of a town hang together: a repr would never end
class School:
    """A school with its people. `staff` begins with principal and leaders."""

    code: str
    name: str
    alias: str
    stage: str
    catchment: list[Village]
    size: int
    classes: list[SchoolClass] = field(default_factory=list)
    staff: list[Staff] = field(default_factory=list)
    leaders: list[Staff] = field(default_factory=list)  # the principal is not among them
    clerk: Staff | None = None
    aid_clerk: Staff | None = None

    @property
    def principal(self) -> Staff:
        """First responsible person of the school (G10)."""
        return self.staff[0]

    @property
    def folder(self) -> str:
        """The folder of the school's workbooks inside the shared folder."""
        return f"{days.YEAR}/{self.name}"

    @property
    def pupils(self) -> list:
        """All who were in one of the classes at any time, once each."""
        return [child for item in self.classes for child in item.pupils if child.home is item]

    def teacher(self, number: int) -> Staff:
        """Some member of the staff, the same for the same number."""
        return self.staff[number % len(self.staff)]


def split(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to `total` (largest remainder)."""
    shares = [total * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in shares]
    order = sorted(range(len(parts)), key=lambda place: parts[place] - shares[place])
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


class Town:
    """The township: villages, the office's people, schools (junior schools first), later families and children."""

    def __init__(
        self, register: Register, schools: int, pupils: int, calendar: days.Calendar = days.FIRST_TERM
    ) -> None:
        self.register, self.calendar = register, calendar
        self.random = register.random
        self.villages: list[Village] = []
        self.families: list = []
        self.children: list = []  # of every age, on a roster or not
        self.movers: list[tuple] = []  # (child, old school, new school, date) of transfers inside the township
        self._staff_number = 0
        self.office = [self._person(title, ["中心校人员"]) for title in OFFICE_TITLES]
        self.office[0].roles.insert(0, "校长")
        self.schools = self._plan(schools, pupils)
        for school in self.schools:
            self._open(school)

    def _person(self, title: str, roles: list[str]) -> Staff:
        self._staff_number += 1
        register = self.register
        return Staff(f"JS{self._staff_number:05d}", register.own_name(), title, roles, register.phone())

    def _plan(self, schools: int, pupils: int) -> list[School]:
        random = self.random
        n_junior = max(1, round(schools / 13))
        n_primary = schools - n_junior
        points = n_primary >= 4 * n_junior and pupils >= 60 * schools
        clusters = split(n_primary, [1.0] * n_junior)
        taken = sum(POINT_SIZES) * n_junior * points
        halves = split(pupils - taken, [1.0, 2.0])
        juniors = split(halves[0], [random.uniform(0.9, 1.1) for _ in clusters])
        weights = [1 / (1 + 0.18 * place) for size in clusters for place in range(size - points)]
        primaries = iter(split(halves[1], [weight * random.uniform(0.85, 1.15) for weight in weights]))
        found, primary_schools = [], []
        for place, size in enumerate(clusters, start=1):
            number = "" if n_junior == 1 else f"第{numeral(place)}"
            short = "示例中" if n_junior == 1 else f"示例{numeral(place)}中"
            junior = School(f"SLZ{place:02d}", f"示例{number}中学", short, "初中", [], juniors[place - 1])
            found.append(junior)
            for _ in range(size - points):
                number = numeral(len(primary_schools) + 1)
                code = f"SLX{len(primary_schools) + 1:02d}"
                school = School(code, f"示例第{number}小学", f"示例{number}小", "小学", [], next(primaries))
                for _ in range(random.choice((1, 1, 2))):
                    school.catchment.append(self._village(school, junior))
                junior.catchment.extend(school.catchment)
                primary_schools.append(school)
            if points:
                village = primary_schools[-1].catchment[-1]
                name = f"{village.name}教学点"
                point = School(f"SLD{place:02d}", name, f"{village.name}点", "教学点", [village], sum(POINT_SIZES))
                primary_schools.append(point)
        return found + primary_schools

    def _village(self, school: School, junior: School) -> Village:
        number = len(self.villages) + 1
        register = self.register
        name, phone = register.own_name(), register.phone()
        village = Village(f"SLC{number:03d}", f"样例{numeral(number)}村", name, phone, number, school, junior)
        self.villages.append(village)
        return village

    def _open(self, school: School) -> None:
        first, last = STAGES[school.stage]
        grades = range(first, last + 1)
        sizes = split(school.size, [self.random.uniform(0.88, 1.12) for _ in grades])
        rooms = [(grade, -(-size // FULL), size) for grade, size in zip(grades, sizes, strict=True) if size]
        if school.stage == "教学点":
            rooms = [(grade, 1, size) for grade, size in zip(grades, POINT_SIZES, strict=True)]
        n_classes = sum(number for _, number, _ in rooms)
        n_leaders = max(1, min(len(LEADER_TITLES), n_classes // 3 - 1, 6))
        school.staff = [self._person("校长", ["校长", "任课"])]
        school.leaders = [self._person(title, ["班子成员", "任课"]) for title in LEADER_TITLES[:n_leaders]]
        school.staff += school.leaders
        for grade, number, size in rooms:
            for place, part in enumerate(split(size, [1.0] * number), start=1):
                head = self._person("教师", ["班主任", "任课"])
                school.staff.append(head)
                class_id = f"{school.code}-{days.BASELINE.year + first - grade}-{place:02d}"
                name = f"{numeral(grade)}({place})班"
                school.classes.append(SchoolClass(class_id, name, grade, school, head, part))
        others = [self._person("教师", ["任课"]) for _ in range(max(2, round(n_classes * 0.7)))]
        school.staff += others
        school.clerk, school.aid_clerk = others[0], others[1]
        school.clerk.roles.insert(0, "学籍管理员")
        school.aid_clerk.roles.insert(0, "资助员")
        for place, item in enumerate(school.classes):
            item.teachers = [others[place % len(others)], school.leaders[place % n_leaders]]


def joined(people: list[Staff]) -> str:
    """Names joined the way staff type several in one cell."""
    return "、".join(dict.fromkeys(person.name for person in people))


def registry(town: Town) -> dict[str, list[dict]]:
    """Rows of the sheets of 基础信息; writing fills 代码表 from the schema."""
    return {
        "school": _schools(town),
        "class": [_class(item) for school in town.schools for item in school.classes],
        "staff": _staff(town),
        "village": _villages(town),
        "term": days.terms(),
        "calendar": town.calendar.rows(),
    }


def _schools(town: Town) -> list[dict]:
    office = {
        "school_code": OFFICE_CODE,
        "school_name": OFFICE_NAME,
        "school_alias": f"{TOWN}中心校",
        "stage": CENTRE,
        "principal": town.office[0].name,
        "status_clerk": town.office[3].name,
        "aid_clerk": town.office[7].name,
        "village_code": town.villages[0].code,
        "active": True,
    }
    return [office] + [
        {
            "school_code": school.code,
            "school_name": school.name,
            "school_alias": school.alias,
            "moe_id": f"99{number:08d}",
            "stage": school.stage,
            "principal": school.principal.name,
            "status_clerk": school.clerk.name,
            "aid_clerk": school.aid_clerk.name,
            "village_code": school.catchment[0].code,
            "catchment": "、".join(village.code for village in school.catchment),
            "active": True,
        }
        for number, school in enumerate(town.schools, start=1)
    ]


def _class(item: SchoolClass) -> dict:
    return {
        "school_year": days.YEAR,
        "school_code": item.school.code,
        "class_id": item.class_id,
        "class_name": item.name,
        "grade": item.grade,
        "head_teacher": item.head.name,
        "teachers": joined(item.teachers),
        "base_count": sum(child.base_state != "" for child in item.pupils if child.home is item),
    }


def _staff(town: Town) -> list[dict]:
    units = [(OFFICE_CODE, town.office)] + [(school.code, school.staff) for school in town.schools]
    return [
        {
            "staff_id": person.staff_id,
            "name": person.name,
            "school_code": code,
            "title": person.title,
            "roles": "、".join(person.roles),
            "phone": person.phone,
            "active": True,
            "from": SPRING,
        }
        for code, people in units
        for person in people
    ]


def _villages(town: Town) -> list[dict]:
    return [
        {
            "village_code": village.code,
            "village_name": village.name,
            "contact": village.contact,
            "contact_title": "村委会主任",
            "contact_tel": village.tel,
            "school_primary": village.primary.code,
            "school_junior": village.junior.code,
        }
        for village in town.villages
    ]
