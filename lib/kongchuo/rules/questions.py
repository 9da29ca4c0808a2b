"""Questions against gaming: what may well be right, and should be looked at by a person. No findings, and in no score."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, astuple, dataclass

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from ..core.findings import Place, fault
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, among, book_of, complete, each, mapping, yes
from ..facts import calendar, enrolment
from ..facts.references import class_names, keyed, meant, named, school_names, staff_names

SHOWN = 6  # rows named one by one
Rows = list[tuple[str, int]]  # (sheet, index entry of town[sheet])


@dataclass(frozen=True)
class Question:
    """One question: `text` asks it in Chinese, `places` are the rows behind it, in order."""

    code: str
    text: str
    places: tuple[Place, ...]

    @property
    def key(self) -> tuple:
        """What questions are sorted by."""
        return self.code, tuple(map(astuple, self.places)), self.text

    def as_json(self) -> dict[str, object]:
        """Plain values for JSON: code, text, and the place of each row behind it."""
        return asdict(self)

    def where(self, called: Callable[[str], str] = str) -> str:
        """The rows, sheet by sheet: 2023-2024/示例中学/控辍台账.xlsx「劝返记录」第3、8行; `called` names the workbooks."""
        sheets: dict[tuple[str, str], list[int]] = {}
        for place in self.places:
            sheets.setdefault((place.workbook, place.sheet), []).append(place.row)
        return "；".join(f"{called(workbook)}「{sheet}」{_numbers(rows)}" for (workbook, sheet), rows in sheets.items())


def _numbers(rows: list[int]) -> str:
    more = f"等{len(rows)}行" if len(rows) > SHOWN else "行"
    return f"第{'、'.join(map(str, rows[:SHOWN]))}{more}"


@dataclass(frozen=True)
class Asker:
    """One kind of question: a function of (town, policy) that yields each text with its rows."""

    code: str
    title: str
    asks: Callable[[Town, Policy], Iterator[tuple[str, Rows]]]

    @property
    def explains(self) -> str:
        """The question in words: its function's docstring."""
        return (self.asks.__doc__ or "").strip()


def asker(code: str, title: str) -> Callable[..., Asker]:
    """Make the decorated function an Asker. Nothing is registered: it must be listed in QUESTIONS."""
    return lambda asks: Asker(code, title, asks)


def question(town: Town, code: str, text: str, rows: Rows) -> Question:
    """The Question about these rows."""
    places = (town.place(sheet, index) for sheet, index in sorted(rows, key=lambda one: (one[1], one[0])))
    return Question(code, text, tuple(places))


def days_of(dates: pd.Series) -> str:
    """The days of rows for a text: one by itself, of several the first and how many."""
    days = dates.drop_duplicates().sort_values()
    first = f"{days.iloc[0]:%Y-%m-%d}"
    return first if len(days) == 1 else f"{first}等{len(days)}天"


# --- Q04 and Q05: everybody present on a day without school, nobody absent a whole term -----------------------------
def _full(town: Town) -> pd.DataFrame:
    """日查 up to now with class ids, and `full`: somebody was due and all of them were there."""
    rows = complete(town["daily"].assign(class_id=keyed(town, "daily", "class_id")), "date", "class_id")
    rows = rows[rows["date"] <= pd.Timestamp(town.as_of)]
    return rows.assign(full=yes((rows["due"] > 0) & (rows["present"] == rows["due"])))


@asker("Q04", "不上课的日子全勤")
def present_without_school(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """教学日历上不上课的日子（周末、放假、停课），日查却写着全部到齐，或者人籍核查写着本人在位。可能补了课、日历没有改，也可能是照抄前一天的。"""
    if town.unread_homes("calendar", "date", "is_school_day") or town.unread_homes("term", "start", "end"):
        return
    taught = {pd.Timestamp(day) for day in calendar.school_days(town)}
    # a day of the calendar nobody could read may be any day; outside the terms F28 says what is wrong
    unsure = ~(town.known("calendar", "date") & town.known("calendar", "is_school_day"))
    if unsure.any():
        return
    rows = _full(town)
    terms = calendar.terms(town)
    inside = pd.Series(False, rows.index)
    for start, end in terms[["start", "end"]].itertuples(index=False):
        inside |= rows["date"].between(start, end)
    entries = complete(town["calendar"], "date").drop_duplicates("date", keep="last")
    reasons = dict(zip(entries["date"], entries["reason"].fillna(""), strict=True))
    rows = rows[inside & rows["full"] & ~rows["date"].isin(taught) & (rows["home"] != CENTRE)]
    checked = complete(town["reconcile"][town["reconcile"]["present"] == "在位"], "date")
    checked = checked[~checked["date"].isin(taught) & (checked["date"] <= pd.Timestamp(town.as_of))]
    for sheet, found, what in (("daily", rows, "日查却写着全部到齐"), ("reconcile", checked, "人籍核查却写着本人在位")):
        for _, own in found.groupby("home"):
            why = reasons.get(own["date"].min(), "")
            yield (
                f"{days_of(own['date'])}{f'（{why}）' if why else ''}教学日历上不上课，{what}，那天上课了吗？",
                [(sheet, index) for index in own.index],
            )


@asker("Q05", "整学期全勤")
def nobody_ever_absent(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """一个不小的班，很多个上课日里没有一个人请过假、缺过勤。冬天也没有人病过，往往是没有真点名；真是这样，值得表扬。"""
    rows = _full(town)
    rows = rows.assign(book=book_of(rows.index))
    absent = town["absence"].assign(class_id=keyed(town, "absence", "class_id"))
    absent = absent[~(absent["date"] > pd.Timestamp(town.as_of))]
    unsure = set(absent.loc[absent["class_id"].isna(), "home"])
    wanted = {"full": ("full", "all"), "number": ("date", "nunique"), "size": ("due", "median")}
    each = rows.groupby(["book", "home", "class_id"]).agg(**wanted)
    each = each[each["full"] & (each["number"] >= policy["question_full_days"])].reset_index()
    each = each[(each["size"] >= policy["question_full_pupils"]) & ~each["class_id"].isin(absent["class_id"].dropna())]
    labels, own = class_names(town), rows.groupby(["book", "class_id"]).groups
    for book, home, class_id, number in each[["book", "home", "class_id", "number"]].itertuples(index=False, name=None):
        if home not in unsure:
            text = f"{labels.get(class_id, class_id)}{number}个上课日没有一人请假或缺勤，每天都逐人点名了吗？"
            yield text, [("daily", index) for index in own[book, class_id]]


# --- Q06: rows dated long ago that an earlier snapshot of the workbooks did not have yet ----------------------------
CODE = "Q06"
# sheet -> the row's own day, and what else tells one row of that day from another
DATED = {
    "daily": ("date", ("class_id",)),
    "absence": ("date", ("student_key",)),
    "reconcile": ("date", ("student_key", "name")),
    "watch": ("found", ("student_key",)),
    "suspected": ("found", ("student_key",)),
    "visit": ("date", ("student_key",)),
    "support_log": ("date", ("pupil_plan",)),
    "home_teaching": ("date", ("student_key",)),
}


def backdated(now: Town, earlier: Town, taken: dt.date, policy: Policy) -> tuple[Question, ...]:
    """当时的工作簿快照里还没有、日期却比快照早很多天的行：出勤、人籍核查、重点关注、疑似台账、劝返、帮扶、送教记录。补记要写明是补记，事后编的不算走访。"""
    if not _same_pupils(now, earlier):
        return ()
    latest = pd.Timestamp(taken) - pd.Timedelta(days=policy["question_backdated_days"])
    found = []
    for sheet, (day, more) in DATED.items():
        form = now.schema.sheets[sheet]
        rows = now[sheet]
        rows = rows[(rows[day] < latest) & (rows[day] <= pd.Timestamp(now.as_of))]
        rows = rows[~book_of(rows.index).isin(_unread(earlier, now, sheet))]
        if rows.empty:
            continue
        before = earlier[sheet]
        for key in (
            form.primary_key,
            (day, *more),
        ):  # a row given another number, or another date, was there all the same
            columns = ["home", *key]
            rows = rows[~among(rows[columns].astype(str), before[columns].astype(str), columns)]
        for _, own in rows.groupby(book_of(rows.index)):
            days = own[day].dt.strftime("%m-%d").drop_duplicates().sort_values().tolist()
            span = days[0] if len(days) == 1 else f"{days[0]}至{days[-1]}"
            text = f"{len(own)}条{form.title}写的是{span}，{taken:%Y-%m-%d}那份快照里还没有，是不是后来补记的？"
            found.append(question(now, CODE, text, [(sheet, index) for index in own.index]))
    return tuple(found)


def _same_pupils(now: Town, earlier: Town) -> bool:
    """Whether both are of one township: most pupils of the earlier rosters are on the present ones."""
    known = earlier["roster"][["student_key", "name"]].dropna()
    if known.empty:
        return False
    return among(known, now["roster"], ("student_key", "name")).mean() >= 0.5


def _unread(earlier: Town, now: Town, sheet: str) -> set[int]:
    """Workbooks (their places as a whole, now) that the earlier snapshot did not hold whole, so that nobody knows what was in them."""
    form = earlier.schema.sheets[sheet]
    needs = {DATED[sheet][0], *DATED[sheet][1], *form.primary_key}
    read = set()
    for book in earlier.holding(sheet):
        table = book.tables.get(sheet)
        if table is not None and needs <= set(table.columns) and not {name for _, name in table.unread} & needs:
            read.add(book.name)
    return {now.place_of(book.name) for book in now.holding(sheet) if book.name not in read}


# --- Q01: the same long text in the records of several occasions ----------------------------------------------------
# sheet -> the columns people write freely in, and who wrote them
WRITTEN = {
    "visit": (("barrier", "action"), "recorder"),
    "support_log": (("content", "response", "next"), "helper"),
    "home_teaching": (("content", "response"), "team"),
}
FEW = 2000  # different long texts of a school in a column; more of them are compared in stretches of like length


@asker("Q01", "文字相同")
def copied_text(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """劝返记录、帮扶记录、送教记录里一大段话完全相同或几乎相同，却是不同的日子、不同的孩子。套话和短句不算，同一天同一家、同一次辅导也不算；也许真是同一次，也许是抄的，问一问。"""
    for sheet, (columns, writer) in WRITTEN.items():
        rows = town[sheet][~(town[sheet]["date"] > pd.Timestamp(town.as_of))]
        if rows.empty:
            continue
        rows = rows.assign(writer=rows[writer], pupil=_pupil(town, sheet, rows))
        title = town.schema.sheets[sheet].title
        groups = {}
        for column in columns:
            texts = _long(rows[column], rows.get("name"), policy["question_text_least"])
            for members in _alike(texts, rows["home"], policy["question_text_alike"]):
                if _occasions(rows.loc[members], sheet) > 1:
                    groups.setdefault(tuple(members), column)
        for members, column in groups.items():
            what = town.schema.sheets[sheet].by_name[column].title
            yield (
                f"这{len(members)}条{title}的“{what}”文字相同或几乎相同，是不是同一次{'走访' if sheet == 'visit' else '活动'}？",
                [(sheet, index) for index in members],
            )


def _pupil(town: Town, sheet: str, rows: pd.DataFrame) -> pd.Series:
    """Whom a row is about: the family (guardian and telephone on the roster), else the pupil, else the plan."""
    if sheet == "support_log":
        return rows["pupil_plan"]
    roster = complete(enrolment.listed(town), "student_key", "guardian_tel")
    family = mapping(roster, "student_key", "guardian_tel")
    return pd.Series([family.get(key, key) for key in rows["student_key"].tolist()], rows.index, dtype="str")


def _occasions(rows: pd.DataFrame, sheet: str) -> int:
    """How many occasions these records are of: a talk with one family, a lesson by the same people, on one day is one."""
    together = ["date", "pupil"] if sheet == "visit" else ["date", "writer"]
    return len(rows[together].drop_duplicates())


def _long(column: pd.Series, names: pd.Series | None, least: int) -> pd.Series:
    """The texts long enough, with width, punctuation, digits and the pupil's own name taken out."""
    texts = column.dropna()
    texts = texts[texts.str.len() >= least]
    names = pd.Series("", texts.index) if names is None else names.reindex(texts.index).fillna("")
    plain = [
        re.sub(r"[\W\d_]", "", unicodedata.normalize("NFKC", text).replace(name or "\0", ""))
        for text, name in zip(texts, names, strict=True)
    ]
    plain = pd.Series(plain, texts.index, dtype="str")
    return plain[plain.str.len() >= least]


def _alike(texts: pd.Series, homes: pd.Series, alike: float) -> Iterator[list[int]]:
    """Groups of rows with the same text anywhere in the township, and with nearly the same text within a school."""
    same: dict[str, list[int]] = {}
    for index, text in texts.items():
        same.setdefault(text, []).append(index)
    joined = {text: text for text in same}  # a forest: each text points to one of its group

    def top(text: str) -> str:
        while joined[text] != text:
            text = joined[text]
        return text

    home_of = homes.reindex(texts.index)
    for home in home_of.unique():
        own = sorted(set(texts[home_of == home]), key=lambda text: (len(text), text))
        for one, other in _pairs(own, alike):
            first, second = sorted((top(one), top(other)))
            joined[second] = first
    groups: dict[str, list[int]] = {}
    for text, rows in same.items():
        groups.setdefault(top(text), []).extend(rows)
    for rows in groups.values():
        if len(rows) > 1:
            yield sorted(rows)


def _pairs(texts: list[str], alike: float) -> Iterator[tuple[str, str]]:
    """Pairs of different texts at least `alike` per cent alike; texts sorted by length, compared in overlapping stretches."""
    for start in range(0, len(texts), FEW // 2):
        part = texts[start : start + FEW]
        scores = process.cdist(part, part, scorer=fuzz.ratio, score_cutoff=alike, dtype=np.uint8)
        for one, other in zip(*np.nonzero(np.triu(scores, 1)), strict=True):
            yield part[one], part[other]
        if start + FEW >= len(texts):
            return


# --- Q02 and Q03: one person at many homes on one day, at two homes at one time -------------------------------------
AT_HOME = ("家访", "校村联合", "镇村校联合")  # of 劝返方式 and 帮扶方式; papers may be served to many on one day
_SPAN = re.compile(r"(\d{1,2}):(\d{2})\D+?(\d{1,2}):(\d{2})")


@asker("Q02", "一天走访多村")
def many_villages(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """同一个人同一天到很多个村家访（劝返记录的牵头人、帮扶记录的帮扶人）。集中走访是有的，但一天跑遍各村往往是补记，问一问是怎样去的。"""
    roster = enrolment.listed(town)
    villages = keyed(town, "roster", "village_code").reindex(roster.index)
    village = dict(zip(roster["student_key"].tolist(), villages.tolist(), strict=True))
    plans = complete(town["pupil_plan"], "pupil_plan", "student_key")
    pupil_of = mapping(plans, ("home", "pupil_plan"), "student_key")
    parts = []
    for sheet, who in (("visit", "lead"), ("support_log", "helper")):
        rows = town[sheet][town[sheet]["mode"].isin(AT_HOME)]
        rows = rows[rows["date"] <= pd.Timestamp(town.as_of)]
        person = meant(town, sheet, who).reindex(rows.index)
        if sheet == "visit":
            keys = rows["student_key"].tolist()
        else:
            keys = [pupil_of.get(pair) for pair in zip(rows["home"], rows["pupil_plan"], strict=True)]
        part = pd.DataFrame({"home": rows["home"], "date": rows["date"], "person": person, "name": rows[who]})
        places = [(sheet, index) for index in rows.index]
        parts.append(part.assign(village=[village.get(key) for key in keys], row=places))
    rows = complete(pd.concat(parts, ignore_index=True), "person", "village")
    each = rows.groupby(["home", "person", "date"])["village"].transform("nunique")
    rows = rows.assign(number=each)[each > policy["question_villages"]]
    for (_, person), own in rows.groupby(["home", "person"]):
        name = staff_names(town).get(person, own["name"].iloc[0])
        text = f"{name}{days_of(own['date'])}一天到{own['number'].max()}个村家访，是同一天去的吗？"
        yield text, own["row"].tolist()


@asker("Q03", "送教时间重叠")
def two_homes_at_once(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """同一位送教人员同一天在同一时间给两家送教。一家有两个孩子的不算。时间可能写的是大概，请核对起止时间。"""
    rows = complete(town["home_teaching"], "date", "span", "team", "student_key")
    rows = rows[rows["date"] <= pd.Timestamp(town.as_of)]
    roster = complete(enrolment.listed(town), "student_key", "guardian_tel")
    family = mapping(roster, "student_key", "guardian_tel")
    visits: dict[tuple, list[tuple]] = {}
    columns = ["home", "student_key", "date", "span", "team"]
    for index, home, key, date, span, team in each(rows, *columns):
        times = minutes(span)
        for name in re.split(r"[、,，;；\s]+", team) if times else ():
            visits.setdefault((home, date, name), []).append((*times, family.get(key, key), index))
    found: dict[tuple[str, tuple], set[str]] = {}  # (school, the two visits) -> who is said to have been at both
    for (home, _, name), own in visits.items():
        own.sort(key=lambda visit: (visit[0], visit[1], visit[3]))
        for place, first in enumerate(own):
            for second in own[place + 1 :]:
                if second[0] >= first[1]:
                    break
                if first[2] != second[2]:
                    found.setdefault((home, tuple(sorted((first[3], second[3])))), set()).add(name)
    asked: dict[tuple, set] = {}
    for (home, pair), names in found.items():
        asked.setdefault((home, tuple(sorted(names))), set()).update(pair)
    for (_, names), indices in sorted(asked.items()):
        dates = days_of(rows.loc[sorted(indices), "date"])
        text = f"{'、'.join(names)}{dates}在同一时间到两家送教，起止时间是不是写错了？"
        yield text, [("home_teaching", index) for index in indices]


def minutes(span: str) -> tuple[int, int] | None:
    """起止时间 such as 14:00-15:30 as minutes of the day; None for what cannot be understood."""
    match = _SPAN.search(unicodedata.normalize("NFKC", span).replace("点", ":"))
    if not match:
        return None
    first, last = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
    return (first, last) if first < last <= 24 * 60 else None


# --- Q07 and Q08: cells that were filled down, people who stand where another is expected ---------------------------------
ODD_ONE = 9  # one standard that is another than nine are
SHARED = {"guardian_tel": "监护人电话", "guardian": "监护人"}


@asker("Q07", "花名册下拉填充")
def filled_down(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """一所学校很多学生的监护人或电话一模一样，或者很多学生的户籍所在村与摸底登记不同。可能真是这样，也可能是下拉填充把别人的盖掉了，出了事就找不到家长。"""
    least = policy["question_filled_down"]
    roster = enrolment.listed(town).assign(village=keyed(town, "roster", "village_code"))
    for column, title in SHARED.items():
        sizes = roster.groupby(["home", column])[column].transform("size")  # first of all: nearly nobody is left
        for (home, value), own in roster[sizes >= least].groupby(["home", column]):
            text = f"{home}花名册有{len(own)}名学生的{title}都是“{value}”，是不是下拉填充把别人的盖掉了？"
            yield text, [("roster", index) for index in own.index]
    census = town["census"].assign(village=keyed(town, "census", "village_code"))
    known = mapping(complete(census, "student_key", "village").drop_duplicates("student_key"), "student_key", "village")
    other = named(roster["student_key"], known)
    moved = roster[roster["village"].notna() & other.notna() & (roster["village"] != other)]
    for home, own in moved.groupby("home"):
        if len(own) >= least:
            text = f"{home}花名册有{len(own)}名学生的户籍所在村与摸底登记的行政村不同，哪一边写错了？"
            yield text, [("roster", index) for index in own.index]


@asker("Q08", "班主任和填报人、校长和单位")
def another_in_charge(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """一个班的日查一直由另一个班的班主任填报，或者校长的单位是别的学校。可能是代课、兼任，也可能是“班级”“学校”表里两个人写颠倒了，责任书、包保都会跟着错。"""
    heads = town["class"].assign(head=keyed(town, "class", "head_teacher"))
    heads = complete(heads, "class_id", "head").drop_duplicates("class_id")
    rooms = dict(zip(heads["head"], heads["class_id"], strict=True))
    daily = town["daily"].assign(class_id=keyed(town, "daily", "class_id"), by=keyed(town, "daily", "reporter"))
    counts = complete(daily, "class_id", "by").groupby("class_id")["by"].value_counts()
    usual = {room: by for (room, by), number in counts.items() if number * 2 > counts[room].sum()}
    names = staff_names(town)
    labels = class_names(town)
    for index, room, head in each(heads, "class_id", "head"):
        by = usual.get(room, head)
        if by != head and by in rooms and usual.get(rooms[by], by) != by:
            text = (
                f"{labels.get(room, room)}的班主任写{names.get(head, head)}，日查却多是{labels.get(rooms[by], rooms[by])}的"
                f"班主任{names.get(by, by)}填报，两个班的班主任是不是写颠倒了？"
            )
            yield text, [("class", index)]
    units = complete(town["staff"].assign(unit=keyed(town, "staff", "school_code")), "staff_id", "unit")
    units = mapping(units.drop_duplicates("staff_id"), "staff_id", "unit")
    schools = complete(town["school"].assign(head=keyed(town, "school", "principal")), "school_code", "head")
    for index, code, name, head in each(schools, "school_code", "school_name", "head"):
        if units.get(head, code) != code:
            text = f"{name}的校长写{names.get(head, head)}，“教职工”里他的单位是{school_names(town).get(units[head], units[head])}，是兼任还是写错了？"
            yield text, [("school", index)]


@asker("Q09", "资助标准不一样")
def standards_differ(town: Town, policy: Policy) -> Iterator[tuple[str, Rows]]:
    """一所学校同一学期同一个资助项目，绝大多数学生的标准一样，只有一两名不同。可能按档次发，也可能标准写错了，多发少发都要追回补发。"""
    rows = complete(town["aid"], "term", "aid_item", "standard")
    for (home, term, item), own in rows.groupby(["home", "term", "aid_item"]):
        counts = own["standard"].value_counts()
        usual, number = counts.index[0], counts.iloc[0]
        others = own[own["standard"] != usual]
        if len(others) and len(others) * ODD_ONE <= number:
            text = f"{home}{term}{item}绝大多数标准是{usual:g}元，有{len(others)}行不同，标准是不是写错了？"
            yield text, [("aid", index) for index in others.index]


# --- all questions ----------------------------------------------------------------------------------------------------
# QUESTIONS is the table of those a township answers by itself; `backdated` compares it with an earlier snapshot. Pure.
HEADING = "请核实（只是疑问，不是问题，不计分）"
QUESTIONS: tuple[Asker, ...] = (copied_text, many_villages, two_homes_at_once, present_without_school,
                                nobody_ever_absent, filled_down, another_in_charge, standards_differ)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """The questions in order, and a line for each asker of ours that failed."""

    questions: tuple[Question, ...]
    broken: tuple[str, ...] = ()


def ask(town: Town, policy: Policy, earlier: tuple[Town, dt.date] | None = None) -> Asked:
    """Every question about a township; `earlier`: its workbooks as a snapshot kept them, and the day that was taken.

    One that fails keeps no other from being asked.
    """
    found, broken = [], []
    for one in QUESTIONS:
        try:
            found += [question(town, one.code, text, rows) for text, rows in one.asks(town, policy)]
        except Exception as error:
            broken.append(fault(f"疑问 {one.code} 没有运行成功", error))
    if earlier:
        try:
            found += backdated(town, *earlier, policy)
        except Exception as error:
            broken.append(fault(f"疑问 {CODE} 没有运行成功", error))
    return Asked(tuple(sorted(found, key=lambda one: one.key)), tuple(broken))


def report(questions: Iterable[Question]) -> str:
    """The questions as text for a terminal, under their own heading."""
    lines = [f"  {one.code} {one.text}\n      {one.where()}" for one in questions]
    return "\n".join(["", f"{HEADING}：{len(lines)} 条", *lines])
