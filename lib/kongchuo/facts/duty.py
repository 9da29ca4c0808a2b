"""Who answers for what on which day: 包保责任 with every name and number turned into keys, 四包 spread over what they cover.

Pure. `bonds` is the sheet, `held_on` a day of it, `answering` the four duties unit by unit, `signed` 责任书签订. The rules on duties
and the figures of coverage read the same rows of them, so that a page and a finding cannot disagree.
"""

import datetime as dt

import pandas as pd

from ..core.cells import fold
from ..core.numbers import NUMERALS
from ..core.tables import Town, complete, mapping, no, of_year, once, yes
from . import enrolment
from .references import dated, directory, homes_of, keyed, meant, named, names_of, school_names, staff_names

SCHOOLS, GRADES, PUPILS, VILLAGES = "包学校", "包年级", "包学生", "包家长"
SCHOOL, GRADE, CLASS, PUPIL, VILLAGE = "学校", "年级", "班级", "学生", "行政村"  # 对象类型
BY_BOND, BY_ROSTER, BY_CLASS = "包保责任", "学生花名册", "班主任"  # `via`: where it is written
ANSWERING = ["kind", "home", "unit", "holder", "name", "via"]
_GRADE = rf"^(?P<school>.*?)-?(?P<grade>[{NUMERALS[1:10]}1-9])(?:年级)?$"


# --- 包保责任 -----------------------------------------------------------------------------------------------------------
def bonds(town: Town) -> pd.DataFrame:
    """Every row of 包保责任 of this school year, indexed as the sheet, with the keys behind what was typed.

    kind: 包保类型. target_type: 学校, 年级, 班级, 学生, 行政村. target: school code, `code-grade`, class id, student key, village
    code, by 对象编号, else by 对象名称; missing where it is neither. home: the school (full name) the target belongs to, "" for a
    village or an unknown target. holder: staff id, or village code where `officer` (of 包家长 the person may be the village's
    own); the text itself where nobody is known by it; missing where the cell is empty. name, target_name, title, from, to, note: as
    typed, the name by the number where the cell is empty. left: the holder's last day at work, where there is one.
    """
    rows = _bonds(town)
    return rows.assign(left=dated(rows["holder"], last_days(town)))


def held_on(town: Town, day: dt.date) -> pd.DataFrame:
    """The bonds that hold on a day, its first and last day included; one whose holder has left by then is among them."""
    rows, day = bonds(town), pd.Timestamp(day)
    return rows[~(rows["from"] > day) & ~(rows["to"] < day)]


@once
def _bonds(town: Town) -> pd.DataFrame:
    frame = town["bond"]
    frame = of_year(town, frame)
    typed = frame["target_type"].where(~frame["bond_type"].isin((SCHOOLS, VILLAGES)))
    typed = typed.fillna(frame["bond_type"].map({SCHOOLS: SCHOOL, GRADES: GRADE, VILLAGES: VILLAGE}))
    frame = frame.assign(target_type=typed.astype("str"), kind=frame["bond_type"])
    target = pd.Series(pd.NA, frame.index, dtype="str")
    for column in ("target_id", "target_name"):
        for kind, find in FIND.items():
            target = target.fillna(find(town, frame[column].where((typed == kind) | typed.isna())))
    officer = _officers(town, frame)
    holder = _keys(town, frame["staff_id"].mask(officer), "staff")
    holder = holder.fillna(_keys(town, frame["staff_id"].where(officer), "village")).fillna(frame["staff_id"])
    holder = holder.fillna(_keys(town, frame["name"].where(frame["staff_id"].isna()), "staff"))
    contacts = names_of(town, "village", "village_code", "contact")
    name = frame["name"].fillna(named(holder, staff_names(town) | contacts))
    columns = ["kind", "target_type", "target_name", "title", "from", "to", "note"]
    return frame[columns].assign(target=target, home=_homes(town, target), holder=holder, officer=officer, name=name)


def _officers(town: Town, frame: pd.DataFrame) -> pd.Series:
    """Rows of 包家长 whose person is a village: its code, its name or its contact."""
    return (frame["bond_type"] == VILLAGES) & frame["staff_id"].isin(officers(town))


def officers(town: Town) -> frozenset[str]:
    """What a village may be meant by where the person of a bond is to stand: its code, its name or its contact, folded."""
    known = pd.concat([town["village"][name] for name in ("village_code", "village_name", "contact")]).dropna()
    return frozenset(map(fold, known))


def _keys(town: Town, values: pd.Series, target: str) -> pd.Series:
    """The key of each value in a directory, missing where unknown; indexed as the values."""
    book = directory(town, target)
    known = {value: book.find("", value)[0] or None for value in values.dropna().unique()}
    keys = named(values, known)
    if target == "village":
        contacts = {fold(name): key for key, name in names_of(town, "village", "village_code", "contact").items()}
        keys = keys.fillna(named(values.map(fold, na_action="ignore"), contacts))
    return keys


def _grades(town: Town, values: pd.Series) -> pd.Series:
    """`code-grade` of 学校代码-年级 or of a name such as 示例中学七年级; missing where it is neither."""
    parts = values.map(fold, na_action="ignore").astype("str").str.extract(_GRADE)
    numbers = parts["grade"].replace({numeral: str(number) for number, numeral in enumerate(NUMERALS)})
    return _keys(town, parts["school"], "school") + "-" + numbers


def _pupils(town: Town, values: pd.Series) -> pd.Series:
    """A student key as it stands, if some roster has it; names are no keys: several pupils may bear one."""
    return values.where(values.isin(town["roster"]["student_key"].dropna())).astype("str")


FIND = {
    SCHOOL: lambda town, values: _keys(town, values, "school"),
    GRADE: _grades,
    CLASS: lambda town, values: _keys(town, values, "class"),
    PUPIL: _pupils,
    VILLAGE: lambda town, values: _keys(town, values, "village"),
}


def _homes(town: Town, target: pd.Series) -> pd.Series:
    """The school each target belongs to, "" where it belongs to none."""
    classes, roster, schools = classes_of(town), enrolment.listed(town), school_names(town)
    known = mapping(roster, "student_key", "home")
    known |= mapping(classes, "class_id", "home")
    known |= mapping(classes, "unit", "home") | schools
    by_grade = named(target.astype("str").str.rpartition("-")[0] if len(target) else target, schools)
    return named(target, known).fillna(by_grade).fillna("")


@once
def classes_of(town: Town) -> pd.DataFrame:
    """The classes of this school year: class_id, code (of the school), grade, unit (`code-grade`), home; indexed as 班级."""
    frame = town["class"].assign(code=keyed(town, "class", "school_code"), home=homes_of(town, "class"))
    frame = of_year(town, frame)
    frame = frame.assign(unit=frame["code"] + "-" + frame["grade"].astype("str"))
    return frame[["class_id", "code", "grade", "unit", "home"]]


def last_days(town: Town) -> dict[str, pd.Timestamp]:
    """Staff id -> the last day at work, for those who have left; the day before `as_of` where nobody wrote when."""
    unwritten = pd.Timestamp(town.as_of) - pd.Timedelta(days=1)
    return {key: unwritten if day is None else day for key, day in _last_days(town).items()}


@once
def _last_days(town: Town) -> dict[str, pd.Timestamp | None]:
    """The same, with None where nobody wrote when; a day that cannot be read is NaT: it is not known to be past."""
    staff = complete(town["staff"], "staff_id").drop_duplicates("staff_id")
    left = staff[staff["to"].notna() | no(staff["active"])]
    written = left["to"].notna() | ~town.known("staff", "to").reindex(left.index)
    return {key: day if told else None for key, day, told in zip(left["staff_id"], left["to"], written, strict=True)}


# --- 四包 ---------------------------------------------------------------------------------------------------------------
def answering(town: Town, day: dt.date) -> pd.DataFrame:
    """The four duties on a day, a row for each unit and person: kind, home, unit, holder, name, via, left.

    unit: school code, `code-grade`, student key (of the pupil on the roster of `home`) or village code. A leader who holds a whole
    school holds its grades; a pupil is held by 花名册.包保教师, by bonds of the pupil, the class, the grade or the school, and by the
    班主任 of the class of that day. A unit nobody holds has no row. holder and name are missing where the cell is empty or could
    not be read though the bond is there: a figure does not count it, a rule does not accuse anybody.
    """
    rows = _answering(town, pd.Timestamp(day))
    return rows.assign(left=dated(rows["holder"], last_days(town)))


@once
def _answering(town: Town, day: dt.date) -> pd.DataFrame:
    held = complete(held_on(town, day), "target").assign(via=BY_BOND, unit=lambda f: f["target"])
    classes = complete(classes_of(town), "class_id").drop_duplicates("class_id")
    grades = classes[["code", "unit", "home"]].dropna().drop_duplicates()
    whole = held[(held["kind"] == GRADES) & (held["target_type"] == SCHOOL)].drop(columns=["unit", "home"])
    parts = [
        held[(held["kind"] == SCHOOLS) | (held["kind"] == VILLAGES)],
        held[(held["kind"] == GRADES) & (held["target_type"] == GRADE)],
        whole.merge(grades, left_on="target", right_on="code"),
    ]
    pupils = complete(enrolment.on(town, day), "student_key")
    pupils = pupils.rename(columns={"student_key": "unit"}).drop(columns="name")
    parts += _of_pupils(town, pupils, held[held["kind"] == PUPILS], classes)
    rows = pd.concat([part.reindex(columns=ANSWERING) for part in parts], ignore_index=True)
    return rows.drop_duplicates().reset_index(drop=True).astype(dict.fromkeys(ANSWERING, "str"))


def _of_pupils(town: Town, pupils: pd.DataFrame, held: pd.DataFrame, classes: pd.DataFrame) -> list[pd.DataFrame]:
    """包学生: what the roster, the bonds and the classes say of each pupil."""
    held = held[["target", "holder", "name", "via"]].assign(kind=PUPILS)
    classes = classes[["class_id", "code", "unit"]].rename(columns={"unit": "of_grade"})
    placed = pupils.merge(classes, "left", "class_id")
    found = [placed.merge(held, left_on=key, right_on="target") for key in ("unit", "class_id", "of_grade", "code")]
    for sheet, field, rows, via in (
        ("roster", "teacher", pupils, BY_ROSTER),
        ("class", "head_teacher", pupils.reset_index(drop=True).merge(_heads(town), "inner", "class_id"), BY_CLASS),
    ):
        if sheet == "roster":
            people = _people(town, sheet, field).reindex(rows.index)
            rows = rows.assign(holder=people["holder"], asked=yes(people["asked"]))
        rows = rows[rows["asked"]]
        names = named(rows["holder"], staff_names(town))
        found.append(rows.assign(kind=PUPILS, via=via, name=names.fillna(rows["holder"])))
    return found


def _people(town: Town, sheet: str, field: str) -> pd.DataFrame:
    """holder of each cell of a column that names one person; `asked`: the cell is not empty, or nobody could read it."""
    holder = meant(town, sheet, field)
    return pd.DataFrame({"holder": holder, "asked": holder.notna() | ~town.known(sheet, field)})


def _heads(town: Town) -> pd.DataFrame:
    """class_id, holder, asked of every class of this school year; a class that stands twice may have two."""
    people = _people(town, "class", "head_teacher")
    classes = classes_of(town)
    return complete(classes[["class_id"]].join(people), "class_id")


# --- 责任书 -------------------------------------------------------------------------------------------------------------
WITH_SCHOOL, WITH_TEACHER, WITH_HOLDER = "中心校-学校", "学校-班主任", "学校-包保教师"
WITH_PARENTS, WITH_VILLAGE = "学校-家长", "学校-村"
OTHER_PARTY = {WITH_SCHOOL: "school", WITH_TEACHER: "staff", WITH_HOLDER: "staff", WITH_VILLAGE: "village"}


@once
def signed(town: Town) -> pd.DataFrame:
    """Every row of 责任书签订 of this school year: kind, school (code of 甲方), other (key of 乙方), signed; indexed as the sheet.

    other: school code (of a principal's own school, too), staff id, village code, by 乙方编号, else by 乙方; parents' are as
    typed. Missing where it cannot be told.
    """
    frame = town["pledge"]
    frame = of_year(town, frame)
    other = pd.Series(pd.NA, frame.index, dtype="str")
    for kind, target in OTHER_PARTY.items():
        for column in ("party_b_id", "party_b"):
            other = other.fillna(_keys(town, frame[column].where(frame["pledge_type"] == kind), target))
    # a principal who signs stands for the school
    units = dict(zip(town["staff"]["staff_id"], keyed(town, "staff", "school_code"), strict=True))
    for column in ("party_b_id", "party_b"):
        person = _keys(town, frame[column].where(frame["pledge_type"] == WITH_SCHOOL), "staff")
        other = other.fillna(named(person, units))
    parents = ~frame["pledge_type"].isin(OTHER_PARTY)
    other = other.fillna(frame["party_b_id"].fillna(frame["party_b"]).where(parents))
    return pd.DataFrame(
        {
            "kind": frame["pledge_type"],
            "school": _keys(town, frame["party_a"], "school"),
            "other": other,
            "signed": frame["signed"],
        }
    )


@once
def served(town: Town) -> pd.DataFrame:
    """The pairs of a school and a village it serves (学校.服务行政村): school (code), home, village (code); indexed as 学校."""
    rows = complete(town.schools, "school_code", "catchment")
    villages = rows["catchment"].str.split("、").explode()
    keys = [directory(town, "village").find("", text)[0] for text in villages]
    pairs = rows[["school_code", "school_name"]].reindex(villages.index).assign(village=keys)
    pairs = pairs.rename(columns={"school_code": "school", "school_name": "home"}).astype({"village": "str"})
    return pairs[pairs["village"] != ""].drop_duplicates()
