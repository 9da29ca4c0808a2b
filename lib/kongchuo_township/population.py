"""Children of every age for the villages and the classes, put into families, with what marks some of them out."""

from __future__ import annotations

import datetime as dt

from . import days
from .people import AREA, ELSEWHERE, Child, birth_of, family
from .schools import School, SchoolClass, Town, Village

AWAY = ("外省示例市样例区", "外省示例市样例县", "邻省样例市示例区", "邻市样例县示例镇")


def populate(town: Town) -> None:
    """Fill every class, add the children who are on no roster, and bring all into families."""
    at_home: dict[str, list[Child]] = {village.code: [] for village in town.villages}
    from_outside: dict[str, list[Child]] = {village.code: [] for village in town.villages}
    for school in town.schools:
        for item in school.classes:
            for child in _class(town, item):
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


def _class(town: Town, item: SchoolClass) -> list[Child]:
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
