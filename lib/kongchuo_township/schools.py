"""Villages, schools, classes and staff of the example township, the children put into families, with what marks some of them out;
and the rows of 基础信息.

A township of n schools has one junior school (初中) for about twelve primaries; each junior school and its primaries form a
cluster, with one tiny teaching point (教学点, grades 1-3) beside the primaries.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from kongchuo.core.schema import CENTRE

from . import days
from .people import AREA, ELSEWHERE, Child, Register, birth_of, family, filled, numeral

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

    @property
    def cells(self) -> dict[str, object]:
        """What the sheets say of them, by column."""
        return {"staff_id": self.staff_id, "name": self.name, "title": self.title}


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

    @property
    def cells(self) -> dict[str, object]:
        """What the sheets say of the class, by column."""
        return {"class_id": self.class_id, "grade": self.grade}


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
    def cells(self) -> dict[str, object]:
        """What the sheets say of the school, by column: in all but the registry it goes by its name."""
        return {"school_code": self.name, "owner": self.name}

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
    office = filled(
        "school", school_code=OFFICE_CODE, school_name=OFFICE_NAME, school_alias=f"{TOWN}中心校", stage=CENTRE,
        principal=town.office[0].name, status_clerk=town.office[3].name, aid_clerk=town.office[7].name,
        village_code=town.villages[0].code, active=True,
    )  # fmt: skip
    return [office] + [
        filled(
            "school", school_code=school.code, school_name=school.name, school_alias=school.alias,
            moe_id=f"99{number:08d}", stage=school.stage, principal=school.principal.name,
            status_clerk=school.clerk.name, aid_clerk=school.aid_clerk.name, village_code=school.catchment[0].code,
            catchment="、".join(village.code for village in school.catchment), active=True,
        )
        for number, school in enumerate(town.schools, start=1)
    ]  # fmt: skip


def _class(item: SchoolClass) -> dict:
    return filled(
        "class", item, school_code=item.school.code, class_name=item.name, head_teacher=item.head.name,
        teachers=joined(item.teachers),
        base_count=sum(child.base_state != "" for child in item.pupils if child.home is item),
    )  # fmt: skip


def _staff(town: Town) -> list[dict]:
    units = [(OFFICE_CODE, town.office)] + [(school.code, school.staff) for school in town.schools]
    return [
        filled(
            "staff", person, school_code=code, roles="、".join(person.roles), phone=person.phone, active=True,
            **{"from": SPRING},
        )
        for code, people in units
        for person in people
    ]  # fmt: skip


def _villages(town: Town) -> list[dict]:
    return [
        filled(
            "village", village_code=village.code, village_name=village.name, contact=village.contact,
            contact_title="村委会主任", contact_tel=village.tel, school_primary=village.primary.code,
            school_junior=village.junior.code,
        )
        for village in town.villages
    ]  # fmt: skip


# --- children of every age for the villages and the classes -------------------------------------------------------------
AWAY = ("外省示例市样例区", "外省示例市样例县", "邻省样例市示例区", "邻市样例县示例镇")


def populate(town: Town) -> None:
    """Fill every class, add the children who are on no roster, and bring all into families."""
    at_home: dict[str, list[Child]] = {village.code: [] for village in town.villages}
    from_outside: dict[str, list[Child]] = {village.code: [] for village in town.villages}
    for school in town.schools:
        for item in school.classes:
            for child in _fill(town, item):
                (from_outside if town.random.random() < 0.015 else at_home)[child.village.code].append(child)
    for village in town.villages:
        young, away = _not_on_roster(town, village, len(at_home[village.code]))
        _households(town, village, at_home[village.code] + young)
        _households(town, village, from_outside[village.code], migrant=True)
        _households(town, village, away, away=True)
    for number, child in enumerate(town.children, start=1):
        child.key = f"XS{number:07d}"
        _identify(town, child)
    for school in town.schools:
        _mark(town, school)


def _fill(town: Town, item: SchoolClass) -> list[Child]:
    random = town.random
    found = []
    for _ in range(item.size):
        child = newcomer(town, item)
        late = random.random() < 0.02 and item.grade < 9  # a late entrant is a year older
        child.birth = birth_of(random, item.grade + late)
        child.base_state = "在读"
        found.append(child)
    item.pupils = found
    return found


def newcomer(town: Town, item: SchoolClass) -> Child:
    """A new pupil of the class, without family and identity yet, and not on the list of the start of the year."""
    random = town.random
    first = 7 if item.grade > 6 else 1
    child = Child(birth_of(random, item.grade), random.random() < 0.53, random.choice(item.school.catchment))
    child.grade, child.home, child.base_state = item.grade, item, ""
    child.entry = dt.date(days.BASELINE.year - (item.grade - first), 9, 1)
    child.boarding = item.school.stage == "初中" and random.random() < 0.4
    return child


def settle(town: Town, child: Child) -> None:
    """Give a newcomer a family of this township, a key, a name and numbers, and enter him or her in the town's list."""
    _households(town, child.village, [child], plain=True)
    child.key = f"XS{len(town.children):07d}"
    _identify(town, child)


def _not_on_roster(town: Town, village: Village, pupils: int) -> tuple[list[Child], list[Child]]:
    """Children at home who are too young or have finished, and children who live elsewhere with their parents."""
    random = town.random
    cohort = max(1.0, pupils / 9)
    young, away = [], []

    def child(grade: int, study: str) -> Child:
        born = min(birth_of(random, grade), dt.date(2023, 8, 1))  # before the survey
        return Child(born, random.random() < 0.52, village, study=study)

    for grade in range(-5, 1):  # those due in one to six years
        study = "学前" if grade > -3 else "未入学"
        young += [child(grade, study) for _ in range(round(cohort * (0.62 + 0.05 * grade)))]
    young += [child(10, "已完成九年") for _ in range(round(cohort * 0.3))]
    for grade in range(-3, 10):
        study = "镇外在读" if grade > 0 else "学前" if grade > -3 else "未入学"
        for _ in range(round(cohort * random.uniform(0, 0.16))):
            away.append(child(grade, study))
            away[-1].grade = max(grade, 0)
    if random.random() < 0.12:
        young.append(child(1, "延缓入学"))
    return young, away


def _households(
    town: Town,
    village: Village,
    children: list[Child],
    *,
    migrant: bool = False,
    away: bool = False,
    plain: bool = False,
) -> None:
    """Put the children of a village into families of one to three, siblings at least ten months apart."""
    random = town.random
    waiting = list(children)
    random.shuffle(waiting)
    while waiting:
        members = [waiting.pop()]
        for _ in range(random.choices((0, 1, 2), (50, 42, 8))[0]):
            if waiting and all(abs((waiting[-1].birth - one.birth).days) > 300 for one in members):
                members.append(waiting.pop())
        place = random.choice(AWAY) if away else ""
        house = family(town.register, village, len(town.families) + 1, migrant=migrant, away=place)
        if plain:
            house.left, house.poor, house.others = "非留守", "", ()
        town.families.append(house)
        for child in members:
            child.family = house
            child.name = town.register.child_name(house.surname, child.birth)
        town.children += members


def _identify(town: Town, child: Child) -> None:
    """Identity and register number: G + identity number for nearly all, L for a few, J for those without a number."""
    random, register = town.random, town.register
    area = ELSEWHERE if child.family.migrant else AREA + child.village.area
    child.id_no = register.id_number(area, child.birth, child.male)
    child.ethnicity = random.choices(("汉族", "回族"), (98, 2))[0]
    lot = random.random()
    if lot < 0.004:
        child.status_no = f"L{990000000000000000 + int(child.key[2:]) * 7919:018d}"
    elif lot < 0.005 and child.grade and child.home:
        child.status_no, child.id_no = f"J{int(child.key[2:]):018d}", ""
    elif child.grade:
        child.status_no = "G" + child.id_no


def _mark(town: Town, school: School) -> None:
    """Disability, long illness, weak and weary pupils, seats, and those on leave since last year."""
    random = town.random
    for item in school.classes:
        item.pupils.sort(key=lambda child: child.key)
        for seat, child in enumerate(item.pupils, start=1):
            child.seat = seat
            child.status_date = child.entry
            child.chronic = random.random() < 0.004
            if random.random() < 0.006 and child.id_no:
                kind = random.choice(("视力", "听力", "言语", "肢体", "智力", "多重"))
                child.disability = kind, random.choice(("一级", "二级", "三级", "四级"))
                if child.disability[1] == "一级" and kind in ("肢体", "智力", "多重"):
                    child.status = child.base_state = child.study = "送教上门"
        candidates = [child for child in item.pupils if child.status == "在读"]
        for child in random.sample(candidates, round(len(candidates) * 0.07)):
            child.weak = True
        for child in random.sample(candidates, round(len(candidates) * (0.025 if item.grade > 6 else 0.006))):
            child.weary = True
        for child in candidates:
            if child.weak or child.weary:
                child.helper = random.choice([item.head, *item.teachers]).name
