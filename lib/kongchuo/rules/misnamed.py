"""A row of a list that bears another name or number, state or class than all else has: what refers to it finds nothing, or counts another. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from functools import partial

import pandas as pd

from ..core.findings import Finding
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, called, complete, each, mapping
from ..facts import enrolment
from ..facts.references import NONE, class_names, dangling, homes_of, keyed, look_up
from .checks import CASE_NUMBERS, references
from .duty import actors, gone
from .suspected_causes import ENOUGH, KINDS, Suspect, at_rows, edited, of, with_row, without

# --- A name or number retyped on one side: a row of the registry nobody refers to, and a name in use that no row bears ---
CODES = ("F10", "F22", "G05")
NEAR = 0.5  # how alike a name in use and one that nobody uses must be, 1 being the same
LEDGERS = {"suspected": "YS-", "dropout": "CX-"}  # what a case number begins with, by the ledger it is of
HEADED = "班级"  # a class without a head teacher is what is to be mended first
NAMES_TRIED = 8  # names in use, most used first


def renamed(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A school, class, village, member of staff, case or paper whose name or number stands one way here, another way elsewhere."""
    if len(of(loose, *CODES)) < ENOUGH:
        return
    cells = _cells(town)
    known = cells[(cells["key"] != "").to_numpy()]
    used = set(zip(*(known[name].tolist() for name in ("target", "home", "value")), strict=True))
    lost = Counter(cells.loc[cells["lost"], ["target", "value"]].itertuples(index=False, name=None))
    for (target, value), count in lost.most_common(NAMES_TRIED):
        if count < ENOUGH:
            return
        homes = Counter(cells.loc[cells["lost"] & (cells["target"] == target) & (cells["value"] == value), "home"])
        place = _nearest(town, target, value, homes, used)
        if place:
            index, column, written = place
            kind = KINDS["X70"].at(town.place(target, index, column), value=written, used=value, count=count)
            code = "G05" if target == "staff" else "F22" if target == "class" else "F10"
            mended = edited(town, target, index, **{column: value})
            yield Suspect(kind, mended, code, _of_folders(town, target, value, written))


def doubled(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A code of the registry that stands twice while another, in use elsewhere, is missing: one of the two rows is the other's."""
    keys = {
        (sheet.title, sheet.by_name[sheet.primary_key[0]].title): sheet
        for sheet in town.schema.sheets.values()
        if sheet.primary_key
    }
    twice = [(one, keys[one.sheet, one.column]) for one in of(loose, "F18") if (one.sheet, one.column) in keys]
    twice = [(one, sheet) for one, sheet in twice if town.schema.book_of[sheet.name].name == "registry"]
    if not twice:
        return
    cells = _cells(town)
    lost = Counter(cells.loc[cells["lost"], ["target", "value"]].itertuples(index=False, name=None))
    for one, sheet in twice:
        values = [value for (target, value), count in lost.most_common() if target == sheet.name and count >= ENOUGH]
        key, index = sheet.primary_key[0], town.place_of(one.workbook, one.row)
        same = town[sheet.name].index[town[sheet.name][key] == town[sheet.name].at[index, key]]
        for value in values[:NAMES_TRIED]:
            for place in sorted(same, key=lambda place: place != index):
                yield Suspect(one, edited(town, sheet.name, place, **{key: value}), "F18")


def departed(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """A member of staff who has left and whom rows still name: where a class has nobody else, that is what is to be mended."""
    if len(of(loose, "G05")) < ENOUGH:
        return
    titles = {sheet.title: sheet.name for sheet in town.schema.sheets.values()}
    places = {
        (titles.get(one.sheet), one.column, town.place_of(one.workbook, one.row)): one for one in of(loose, "G05")
    }
    found = [gone(town, *one).assign(sheet=one[0], column=one[1]) for one in actors(town)]
    cells = pd.concat(found)
    cells["column"] = [
        town.schema.sheets[sheet].by_name[name].title
        for sheet, name in zip(cells["sheet"], cells["column"], strict=True)
    ]
    staff = complete(town["staff"], "staff_id").drop_duplicates("staff_id")
    for key, own in cells.groupby("key"):
        found = [places.get((sheet, column, index)) for index, sheet, column in each(own, "sheet", "column")]
        found = sorted(
            (one for one in found if one), key=lambda one: (one.sheet != HEADED, f"/{CENTRE}/" not in one.workbook, one)
        )
        index = next(iter(staff.index[staff["staff_id"] == key]), None)
        if len(found) > ENOUGH and index is not None:
            yield Suspect(found[0], edited(town, "staff", index, active=True, to=pd.NaT), "G05")


def _cells(town: Town) -> pd.DataFrame:
    """Every cell that refers to a row elsewhere: value, home, key, target, and `lost`, whether there is no such row."""
    found = []
    for _, _, cells, target in references(town):
        found.append(cells.assign(target=target, lost=cells.index.isin(dangling(town, cells, target).index)))
    for sheet in CASE_NUMBERS:
        frame = complete(town[sheet], "case_id")
        for target, prefix in LEDGERS.items():
            own = frame[frame["case_id"].str.startswith(prefix)]
            cells = look_up(town, own["case_id"], target, own["home"])
            found.append(cells.assign(target=target, lost=cells.index.isin(dangling(town, cells, target).index)))
    for _, _, cells in actors(town):
        found.append(cells.assign(target="staff", lost=cells.index.isin(dangling(town, cells, "staff").index)))
    made = pd.concat(found) if found else pd.DataFrame(columns=["value", "home", "key", "via", "target", "lost"])
    return made.assign(lost=made["lost"].astype(bool) & (made["via"] == NONE))


def _nearest(town: Town, target: str, value: str, homes: Counter, used: set) -> tuple[int, str, str] | None:
    """The row and column of a sheet that may be meant by a name in use: nobody uses what it says, and it is alike, or alone so."""
    sheet, frame = town.schema.sheets[target], town[target]
    townwide = town.schema.book_of[target].owner == "centre" and target != "class"
    here = homes_of(town, target) if not townwide else pd.Series("", frame.index)
    taken = {(kind, one) for kind, _, one in used}
    found = []
    for column in dict.fromkeys((sheet.primary_key[0], *sheet.labels[:1])):
        own = "" if column == sheet.primary_key[0] else None
        for index, written, home in zip(frame.index, frame[column], here, strict=True):
            if pd.isna(written) or (not townwide and home not in homes):
                continue
            if (target, written) in taken if townwide or own == "" else (target, home, written) in used:
                continue
            found.append((SequenceMatcher(None, written, value).ratio(), index, column, written))
    found.sort(key=lambda one: (-one[0], one[1]))
    near = [one for one in found if one[0] >= NEAR]
    if near:
        return near[0][1:]
    return found[0][1:] if len(found) == 1 else None


def _of_folders(town: Town, target: str, value: str, written: str) -> tuple[Finding, ...]:
    """What reading said of a school's folder that bears one of the two names: that it is missing, or that nobody knows it."""
    if target != "school":
        return ()
    both = {value, written}
    return tuple(
        finding
        for book in town.workbooks
        for finding in book.findings
        if finding.rule in ("R01", "R13") and both & {*finding.workbook.split("/")}
    )


# --- One row of 学生花名册 that is missing, there twice, or in a wrong state or class: its class's 应到 differs day after day ---
ALIKE_DAYS = 5  # days in a row with the same difference, before the roster is suspected and not the count of a day
NAMING = ("X04", "X02", "X26", "X34", "F18", "X07", "X23", "X01")  # codes that name the pupil already, best first

TOGETHER = ("X26",)
MOST = 8  # rows of one kind that are tried one by one


def steady(town: Town, loose: frozenset[Finding]) -> pd.DataFrame:
    """X08 of classes whose 应到 differs by the same number on one counted day after the other: class_id, delta, date, since, finding.

    delta: how many more 应到 has than the roster. Indexed as 日查.
    """
    at = at_rows(town, of(loose, "X08"), "daily")
    rows = complete(town["daily"].assign(class_id=keyed(town, "daily", "class_id")), "class_id", "date", "due")
    rows = rows[rows["class_id"].isin(rows.loc[rows.index.isin(list(at)), "class_id"])]
    rows = rows.sort_values(["class_id", "date"])
    if rows.empty:
        return rows.assign(delta=[], since=[], finding=[])
    number = enrolment.due(town, rows["class_id"], rows["date"])["number"]
    rows = rows.assign(delta=(rows["due"] - number).astype("int64"), found=rows.index.isin(list(at)))
    run = ((rows["delta"] != rows.groupby("class_id")["delta"].shift()) | ~rows["found"]).cumsum()
    rows = rows[rows["found"] & (rows.groupby(run)["delta"].transform("size") >= ALIKE_DAYS)]
    run = run[rows.index]
    finding = [at[index] for index in rows.index]
    return rows.assign(since=rows.groupby(run)["date"].transform("min"), run=run, finding=finding)


def roster(town: Town, policy: Policy, loose: frozenset[Finding]) -> Iterator[Suspect]:
    """The pupils in whom the roster differs from the baseline and 学生变动, in classes whose 应到 differs steadily."""
    if not of(loose, "X08"):
        return
    rows = steady(town, loose)
    labels = class_names(town)
    # first the classes that lack somebody: who stands in a wrong class is lacking in one and too many in another
    for class_id, own in sorted(rows.groupby("class_id"), key=lambda one: -one[1]["delta"].iloc[-1]):
        delta = int(own["delta"].iloc[-1])
        facts = {"class_name": labels.get(class_id, class_id), "since": f"{own['since'].iloc[-1]:%Y-%m-%d}"}
        facts |= {"count": len(own), "number": abs(delta)}
        home = own["home"].iloc[0]
        for what, mend, column, rows in _candidates(town, home, class_id, delta):
            # one row each, or all of them where they are as many as differ
            for some in (
                [rows] if len(rows) >= abs(delta) > 1 else [{index: mended} for index, mended in rows.items()][:MOST]
            ):
                (sheet, index), mended = next(iter(some)), town
                for change in some.values():
                    mended = change(mended)
                told = {"name": called(town[sheet].at[index, "name"]) + (f"等{len(some)}人" if len(some) > 1 else "")}
                place = town.place(sheet, index, column if sheet == "roster" else "student_key")
                made = KINDS["X73"].at(place, what=what, mend=mend, **told, **facts)
                yield Suspect(_naming(town, loose, index, sheet, len(some)) or made, mended, "X08")


Change = Callable[[Town], Town]


def _candidates(
    town: Town, home: str, class_id: str, delta: int
) -> Iterator[tuple[str, str, str, dict[tuple[str, int], Change]]]:
    """(what is wrong, how to mend it, column, {(sheet, index): what mends it}) for the rows that would explain a difference."""
    listed = enrolment.listed(town)
    listed = listed[listed["home"] == home]
    base = town["baseline"].assign(class_id=keyed(town, "baseline", "class_id"))
    base = complete(base[(base["home"] == home) & (base["class_id"] == class_id)], "student_key")
    came = enrolment.changes(town)
    came = came[(came["class_to"] == class_id) & (came["home"] == home)]
    keys = {*base["student_key"], *came["student_key"]}
    here = listed["class_id"] == class_id
    if delta < 0:
        rows = {
            ("roster", index): partial(without, sheet_name="roster", index=index)
            for index in listed.index[here & ~listed["student_key"].isin(keys)]
        }
        yield "多出一行", "重复或写错班级的改正，确实转入的补记“学生变动”", "student_key", rows
        return
    book = next((book.name for book in town.holding("roster") if book.home == home), "")
    # whoever left meanwhile had a row as well, in the state that 学生变动 led to
    kinds = mapping(enrolment.changes(town), "student_key", "kind")
    left = {key: enrolment.AFTER[kind] for key, kind in kinds.items() if kind in enrolment.AFTER}
    rows = {}
    for sheet, frame in (("baseline", base), ("change", came)):
        for index, key, name in each(frame[~frame["student_key"].isin(listed["student_key"])], "student_key", "name"):
            values = {
                "student_key": key,
                "name": name,
                "class_id": class_id,
                "status": left.get(key, enrolment.ENROLLED),
            }
            rows[sheet, index] = partial(with_row, sheet_name="roster", workbook=book, **values)
    yield "没有这个人", "漏了的补回花名册", "student_key", rows
    for status, own in listed[here & (listed["status"] != enrolment.ENROLLED)].groupby("status"):
        rows = {
            ("roster", index): partial(edited, sheet_name="roster", index=index, status=enrolment.ENROLLED)
            for index in own.index
        }
        yield f"状态写“{status}”", "状态写错的改正，确有变动的补记“学生变动”", "status", rows
    rows = {
        ("roster", index): partial(edited, sheet_name="roster", index=index, class_id=class_id)
        for index in listed.index[~here & listed["student_key"].isin(keys)]
    }
    yield "班级写到了别的班", "班级写错的改正，确实调班的补记“学生变动”", "class_id", rows


def _naming(town: Town, loose: frozenset[Finding], index: int, sheet: str, number: int) -> Finding | None:
    """The finding that names the pupil of a row already: at that row, or at the row of the same pupil in 摸底登记.

    Of several pupils it is the one that names them together (X26).
    """
    key = town[sheet].at[index, "student_key"]
    places = {index} if sheet == "roster" else set()
    for name in ("baseline", "census"):
        frame = town[name]
        places |= set(frame.index[frame["student_key"] == key])
    titles = {town.schema.sheets[name].title for name in ("roster", "baseline", "census")}
    found = [
        one
        for one in of(loose, *(NAMING if number == 1 else TOGETHER))
        if one.row and town.place_of(one.workbook, one.row) in places and one.sheet in titles
    ]
    return min(found, key=lambda one: NAMING.index(one.rule), default=None)
