"""Rules on the steps of a case: visits, papers, reports in their order and time, 复学 and 销号."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.tables import Town, among, called, complete, each, mapping, yes
from ..due.cases import follow_end
from ..facts import calendar, cases, enrolment
from ..facts.references import dated, keyed, maybe_listed, meant, named, school_names
from .base import Rule, Spot, at, readable, rule, spots
from .checks import SUMMER

# --- Rules on 复学 and 销号: whether who is back is back, and who is struck off may be ----------------------------------
INTO_CLASS = ("复学(原班)", "复学(插班)", "复学(单独编班)")
TO_VOCATIONAL, WENT_THERE, ELSEWHERE = "复学(普职融合)", "已复学(普职融合)", "外地就读"  # WENT_THERE: a visit's result
DATES = {"suspected": "closed", "dropout": "back_date"}  # ledger -> the cell that says since when the pupil is back
ABSENT = ("absence.date", "absence.student_key", "absence.kind", "absence.halves", "absence.leave_slip")


def _returns(town: Town) -> pd.DataFrame:
    """Every return a ledger records by as_of: home, student_key, name, date, mode, sheet, place; the case's number as index.

    A suspected case that ended in 返校 returned on 结案日期. A dropout case in 再次辍学 says itself that it did not last.
    """
    book, day = cases.cases(town), pd.Timestamp(town.as_of)
    who = book[[*enrolment.PUPIL, "name"]]
    first = (book["verdict"] == cases.CAME_BACK) & (book["settled"] <= day)
    second = (book["back"] <= day) & (book["state"] != cases.BACK_AGAIN)
    parts = [
        who.assign(date=book["settled"], mode=pd.NA, sheet="suspected", place=book["suspected"])[first],
        who.assign(date=book["back"], mode=book["back_mode"], sheet="dropout", place=book["dropout"])[second],
    ]
    return pd.concat(parts)


def _absent_after(town: Town, returned: pd.DataFrame) -> pd.DataFrame:
    """Days without leave from the first school day back on: the return's columns, `day`, `halves`, `row` (缺勤明细), `run`.

    `run` numbers the stretches of school days that follow each other; `at_once`: the stretch began on the first day back and
    that whole day was missed, so that the pupil was never back.
    """
    days = np.array(calendar.school_days(town), "datetime64[D]")
    away = cases.unexcused(town)
    away = away[away["date"] <= pd.Timestamp(town.as_of)]
    away = away[[*enrolment.PUPIL, "date", "halves"]].rename(columns={"date": "day"}).assign(row=list(away.index))
    found = returned.reset_index(names="case").merge(away, on=enrolment.PUPIL)
    first, here = (np.searchsorted(days, found[column].to_numpy("datetime64[D]")) for column in ("date", "day"))
    found = found.assign(after=here - first)[(here >= first) & (found["day"] >= found["date"])]
    found = found.sort_values(["case", "sheet", "after"], kind="stable")
    group = found.groupby(["case", "sheet"])
    run = (group["after"].diff().fillna(0) > 1).groupby([found["case"], found["sheet"]]).cumsum()
    whole = (
        found["halves"].fillna(0).astype(int).groupby([found["case"], found["sheet"], found["after"]]).transform("sum")
        >= 2
    )
    missed = ((found["after"] == 0) & whole).groupby([found["case"], found["sheet"]]).transform("any")
    return found.assign(run=run, at_once=missed & (run == 0))


@rule(
    "X16",
    ERROR,
    needs=("dropout.back_date", "dropout.state", "suspected.verdict", "suspected.closed", *ABSENT),
    says="{school}{name}登记{date}复学，但{day}仍缺勤，没有请假",
    fix="请核实孩子到底回来没有：没有回来的，去掉复学（返校）登记，继续劝返；回来了的，改正“缺勤明细”。",
    source="domain.md 3.2 X16",
)
def back_but_absent(town: Town, policy: Policy) -> Iterator[Spot]:
    """登记复学（疑似案登记返校）的那个上课日，缺勤明细里整天无故缺勤，就是没有回来。只在台账上复学，孩子还在外面。有请假手续的不算；以后再缺勤的见X51。"""
    returned = _returns(town)
    rows = _absent_after(town, returned[returned["mode"].isna() | returned["mode"].isin(INTO_CLASS)])
    rows = rows[rows["at_once"]].drop_duplicates(["case", "sheet"])
    columns = ["home", "name", "date", "sheet", "place", "day"]
    for home, name, date, sheet, place, day in rows[columns].itertuples(index=False, name=None):
        facts = {"school": home, "name": called(name), "date": f"{date:%Y-%m-%d}", "day": f"{day:%Y-%m-%d}"}
        yield at(sheet, place, DATES[sheet], **facts)


@rule(
    "X51",
    WARNING,
    needs=("dropout.back_date", "dropout.follow_to", "dropout.closed", "dropout.state", *ABSENT),
    says="{school}{name}{date}复学，跟踪期内{day}起又无故缺勤",
    fix="请当天联系家长、上门，问清原因；到了疑似线的列入疑似台账，确实又辍学的把状态改为“再次辍学”。",
    source="domain.md 3.2 X51",
)
def absent_again(town: Town, policy: Policy) -> Iterator[Spot]:
    """复学的孩子最容易再走。复学后跟踪期内（没有写截止的，算到下一个学期末）的每一段无故缺勤都要有人管。复学当天就没有来的见X16，不重复报。"""
    returned = _returns(town)
    returned = returned[returned["sheet"] == "dropout"]
    book = cases.cases(town).loc[returned.index]
    until = book["follow_to"].fillna(follow_end(town, policy, book["back"]))
    until = cases.earliest(until, book["struck"])
    rows = _absent_after(town, returned)
    rows = rows[~rows["at_once"] & ~(rows["day"] > cases.at(until, rows["case"]))]
    rows = rows.drop_duplicates(["case", "run"])
    yield from spots(rows, "absence", "student_key", date="date", day="day", place="row")


@rule(
    "X17",
    ERROR,
    needs=("dropout.back_date", "dropout.back_mode", "suspected.verdict", "roster.status", "roster.student_key"),
    says="{school}{name}已登记{date}复学，花名册状态仍为{state}",
    fix="请核实：确已复学的，花名册“在籍状态”改为在读（送教的改送教上门），并记“学生变动”复学；没有复学的，更正台账。",
    source="domain.md 3.2 X17",
)
def back_but_not_on_the_roster(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账登记复学（疑似案登记返校），花名册那天就应是在读或送教上门。两处不一样，总有一处是错的，人数和巩固率都会算错。去外地就读的不看。"""
    returned = _returns(town)
    returned = returned[returned["mode"].isna() | (returned["mode"] != ELSEWHERE)]
    spells = complete(enrolment.spells(town)[[*enrolment.PUPIL, "state", "start", "end"]], "student_key", "state")
    spells = spells[spells["student_key"].isin(returned["student_key"])]
    spells = spells.assign(row=list(spells.index))
    rows = returned.merge(spells, on=enrolment.PUPIL)
    rows = rows[(rows["start"] <= rows["date"]) & (rows["date"] < rows["end"])]
    rows = rows[~rows["state"].isin((*enrolment.AT_SCHOOL, enrolment.NOT_HERE))]
    rows = rows.drop_duplicates(enrolment.PUPIL, keep="last")
    yield from spots(rows, "roster", "status", date="date", state="state", place="row")


@rule(
    "X74",
    WARNING,
    needs=("visit.result", "visit.date", "dropout.back_date", "suspected.verdict", "suspected.closed"),
    says="{name}{date}的劝返结果写“{result}”，台账上却没有复学",
    fix="请核实孩子回来没有：回来了的，在台账填复学日期（疑似案结案为返校）；没有回来的，改正劝返结果。",
    source="domain.md 2.6 劝返结果、复学日期",
)
def back_by_the_visit_only(town: Town, policy: Policy) -> Iterator[Spot]:
    """劝返记录写已经复学，台账就要有复学日期，疑似案就要结案为返校。只在劝返记录里回来的孩子，在册人数、复学率里都没有他，跟踪也没有开始。"""
    book, now = cases.cases(town), pd.Timestamp(town.as_of)
    back = (book["back"] <= now) | ((book["verdict"] != cases.TO_DROPOUT) & (book["settled"] <= now))
    told = np.full(len(book), True)
    for sheet, column in (("dropout", "back_date"), ("suspected", "verdict"), ("suspected", "closed")):
        known = town.known(sheet, column)
        told &= np.array([pd.isna(place) or bool(known.get(place, True)) for place in book[sheet]], bool)
    visits = cases.visits(town)
    visits = visits[visits["result"].isin(cases.RETURNED) & (visits["date"] <= now)]
    visits = visits[visits["case"].isin(book.index[~back & told])]
    yield from spots(visits, "visit", "result", date="date", result="result")


PROOF = "在读|就读|学籍"  # words of a paper of the vocational school: 在读证明, 就读证明, 学籍截图


@rule(
    "X46",
    WARNING,
    needs=("dropout.back_mode", "dropout.evidence", "dropout.closed", "suspected.evidence", "visit.result"),
    says="{name}登记去职校就读，“佐证”里没有在读证明",
    fix="请向职校要在读证明（或学籍截图），存档后把名称和档号写进“佐证”，如 在读证明 14-03。",
    source="domain.md 3.2 X46；方案六-6",
)
def no_proof_of_the_vocational_school(town: Town, policy: Policy) -> Iterator[Spot]:
    """普职融合复学的，人在职校，要有职校的在读证明，写在“佐证”里。检查要看原件；没有证明，就可能是名义上复学、实际在外打工。已销号而“佐证”空着的由必填检查报。"""
    book, visits, now = cases.cases(town), cases.visits(town), pd.Timestamp(town.as_of)
    went = visits.loc[(visits["result"] == WENT_THERE) & (visits["date"] <= now), "case"]
    back = (book["verdict"] == cases.CAME_BACK) & (book["settled"] <= now)
    first = book["suspected"][back & book.index.isin(set(went.dropna()))]
    second = book["dropout"][(book["back_mode"] == TO_VOCATIONAL) & ~(book["back"] > now)]
    for sheet, places in (("suspected", first), ("dropout", second)):
        rows = town[sheet][town[sheet].index.isin([place for place in places if place is not None])]
        lacking = ~rows["evidence"].fillna("").str.contains(PROOF)
        lacking &= town.known(sheet, "evidence").reindex(rows.index)
        lacking &= rows["evidence"].notna() | rows["closed"].isna()
        yield from spots(rows[lacking], sheet, "evidence")


NOTHING = r"[\s/\\\-—–－、。.]*(?:暂?无|没有|待补充?|后补|略|同上)?[\s/\\\-—–－、。.]*"
NO_PROOF = "{name}已销号，“佐证”只写了“{value}”，不是佐证材料"
SAME_PERSON = "{name}销号的审核人{reviewer}就是本案的包保人或记录人，缺第二人审核"
NOT_CLEAR = "{name}已销号，核查结论还是“待核实”"
HANDLERS = {"suspected": "teacher", "dropout": "bond_school"}


@rule(
    "X50",
    ERROR,
    needs=(*(f"{sheet}.{column}" for sheet in HANDLERS for column in ("closed", "close_type", "evidence", "reviewer")),
           "match.closed", "match.evidence", "match.verdict", "visit.recorder"),
    says=NO_PROOF,
    fix="请写明凭什么材料销号（名称、档号），由没有经手本案的人审核；查不清的先不要销号。",
    source="domain.md 3.2 X50",
)  # fmt: skip
def struck_off_without_ground(town: Town, policy: Policy) -> Iterator[Spot]:
    """销号要有类型、佐证和第二人审核：疑似、辍学台账和比对结果都一样。审核人不能是本案的包保人或劝返记录人，佐证不能写“无”“待补”。一个人说了算，孩子就可能被错销。空着的格由必填检查报。"""
    now = pd.Timestamp(town.as_of)
    for sheet in (*HANDLERS, "match"):
        rows = town[sheet]
        rows = rows[rows["closed"] <= now]
        empty = rows["evidence"].fillna("有").str.fullmatch(NOTHING)
        yield from spots(rows[empty], sheet, "evidence", value="evidence")
        if sheet == "match":
            yield from spots(rows[rows["verdict"] == "待核实"], sheet, "verdict", says=NOT_CLEAR)
            continue
        rows = rows[_reviewed_by_handler(town, sheet, rows)]
        yield from spots(rows, sheet, "reviewer", reviewer="reviewer", says=SAME_PERSON)


def _reviewed_by_handler(town: Town, sheet: str, rows: pd.DataFrame) -> pd.Series:
    """Whether the reviewer answers for the case or wrote down one of its visits; people by number or name alike."""
    reviewer = meant(town, sheet, "reviewer").reindex(rows.index)
    same = reviewer == meant(town, sheet, HANDLERS[sheet]).reindex(rows.index)
    book, visits = cases.cases(town), cases.visits(town)
    visits = cases.placed(visits.assign(by=meant(town, "visit", "recorder")), "by")
    wrote = set(zip(book[sheet].reindex(visits["case"]), visits["by"], strict=True))
    recorded = [pair in wrote for pair in zip(rows.index, reviewer, strict=True)]
    return yes(same) | pd.Series(recorded, rows.index, dtype=bool)


# --- Rules of our own on the steps of a case: steps that cannot have come in that order, a case that was handed on to nobody ---
# ledger -> a step's date, and the dates of the same row that cannot lie before it
ORDER = {
    "suspected": (
        ("last_day", ("found", "first_call", "first_visit", "rep_center", "rep_town", "closed")),
        ("found", ("closed",)),
    ),
    "dropout": (
        ("drop_date", ("confirm_date", "sys_marked")),
        ("confirm_date", ("back_date", "closed")),
        ("back_date", ("follow_to", "closed")),
    ),
    "visit": (("date", ("next",)),),
    "legal": (("issued", ("served",)), ("served", ("deadline",))),
}


@rule(
    "X52",
    ERROR,
    needs=tuple(f"{sheet}.{first}" for sheet, pairs in ORDER.items() for first, _ in pairs),
    says="{name}的{later}（{day}）早于{earlier}（{before}），先后不可能",
    fix="请照原始记录核对这两个日期，改正写错的一个；漏记的步骤补记，不要改早、改晚日期来凑。",
    source="本系统；domain.md 2.6 各日期列的校验",
)
def steps_in_impossible_order(town: Town, policy: Policy) -> Iterator[Spot]:
    """一个案子的步骤有先后：先停学再发现，先发现再结案，先认定再复学，先出具再送达，第二次劝返在第一次之后。日期倒过来，不是写错，就是后补的。

    一行里有几个日期都早于同一个日期的，只报那一个。只比得出先后的才报，哪一步空着都不算。
    """
    now, marked = pd.Timestamp(town.as_of), set()
    for sheet, pairs in ORDER.items():
        rows = town[sheet]
        titles = {item.name: item.title for item in town.schema.sheets[sheet].fields}
        for first, others in pairs:
            wrong: dict[int, list[str]] = {}
            for name in others:
                for index in rows.index[(rows[name] < rows[first]) & (rows[first] <= now)]:
                    wrong.setdefault(index, []).append(name)
            for index, names in wrong.items():
                # several dates before this one: it is this one that is wrong
                cell, name = first if len(names) > 1 else names[0], names[0]
                if (sheet, index, cell) not in marked:
                    marked.add((sheet, index, cell))
                    facts = titles[name], rows.at[index, name], titles[first], rows.at[index, first]
                    yield _mark(town, sheet, index, cell, *facts)
    suspects = {(sheet, index) for sheet, index, _ in marked}
    for sheet, index, cell, *facts in (*_between_rows(town, suspects), *_before_it_began(town)):
        if (sheet, index, cell) not in marked:
            yield _mark(town, sheet, index, cell, *facts)


def _mark(
    town: Town,
    sheet: str,
    index: tuple,
    cell: str,
    later: str,
    day: object,
    earlier: str,
    before: object,
    says: str = "",
    fix: str = "",
) -> Spot:
    name = town[sheet].at[index, "name"] if "name" in town[sheet] else "本校" if sheet == "filing" else "该案"
    facts = {"later": later, "day": f"{day:%Y-%m-%d}", "earlier": earlier, "before": f"{before:%Y-%m-%d}"}
    return at(sheet, index, cell, says=says, fix=fix, name=called(name), **facts)


SEQ = "{name}的{later}（{day}）早于{earlier}（{before}），次数和日期的先后对不上"
SEQ_FIX = "请照纸质记录核对这两行：日期没错的改“次数”，次数没错的改日期；不要改早、改晚日期来凑。"


def _between_rows(town: Town, suspects: set) -> Iterator[tuple]:
    """Steps of one case in different rows: sheet, row, column, step, day, earlier step, day. Cases in doubt are left out."""
    book, now = cases.cases(town), pd.Timestamp(town.as_of)
    wrong = [
        any((sheet, place) in suspects for sheet, place in zip(cases.LEDGERS, places, strict=True))
        for places in zip(*(book[sheet] for sheet in cases.LEDGERS), strict=True)
    ]
    sound = book[~np.array(wrong, bool)]
    for row in sound[(sound["confirmed"] < sound["found"]) & (sound["found"] <= now)].itertuples():
        yield "dropout", row.dropout, "confirm_date", "认定日期", row.confirmed, "疑似台账的发现日期", row.found
    said = set()
    for sheet, column, rows, title in (
        ("visit", "date", cases.visits(town), "劝返日期"),
        ("legal", "served", cases.papers(town), "文书送达日期"),
        ("legal", "issued", cases.papers(town), "文书出具日期"),
    ):
        rows = cases.placed(rows, column)
        rows = rows[rows["case"].isin(sound.index)]
        away = cases.at(book["away"], rows["case"])
        for index in rows.index[(rows[column] < away) & (away <= now)]:
            if sheet == "visit":  # a paper may stand in the same row of its worksheet
                said.add(index)
            yield sheet, index, column, title, rows.at[index, column], "停学（辍学）日期", away.at[index]
    visits = complete(cases.visits(town), "case_id", "seq", "date")
    visits = visits.sort_values(["home", "case_id", "seq"], kind="stable")
    visits = visits[~visits.index.isin(said)]
    before, seqs = (visits.groupby(["home", "case_id"])[name].shift() for name in ("date", "seq"))
    for index in visits.index[(visits["date"] < before) & (before <= now)]:
        step, day, earlier = f"第{visits.at[index, 'seq']}次劝返", visits.at[index, "date"], f"第{seqs.at[index]}次"
        yield "visit", index, "date", step, day, earlier, before.at[index], SEQ, SEQ_FIX


# report -> from its 截止日 back to its first day
PERIODS = {"周报": pd.offsets.Day(6), "月报": pd.offsets.MonthBegin(1)}


def _before_it_began(town: Town) -> Iterator[tuple]:
    """Help noted before its plan was made, reports sent before the week or month they tell of began: as `_between_rows`.

    Of days before the school year F36 speaks.
    """
    since = pd.Timestamp(int(town.year[:4]), *SUMMER)
    logs, plans = town["support_log"], complete(town["pupil_plan"], "pupil_plan", "listed")
    listed = dated(logs["pupil_plan"], mapping(plans.drop_duplicates(["pupil_plan"]), "pupil_plan", "listed"))
    for index in logs.index[(logs["date"] < listed) & (logs["date"] >= since)]:
        yield "support_log", index, "date", "帮扶日期", logs.at[index, "date"], "这一案的认定日期", listed[index]
    filings = complete(town["filing"], "report", "until", "date")
    for report, back in PERIODS.items():
        rows = filings[filings["report"] == report]
        first = rows["until"] - back
        for index in rows.index[(rows["date"] < first) & (rows["date"] >= since)]:
            day = rows.at[index, "date"]
            yield "filing", index, "date", f"{report}报送日期", day, f"这一期{report}的第一天", first[index]


@rule(
    "X53",
    ERROR,
    needs=("suspected.verdict", "suspected.closed", "suspected.student_key", "dropout.ys_id", "dropout.student_key"),
    says="{school}{name}的疑似案结为“转辍学台账”，辍学台账里却没有他",
    fix="请把该生记入辍学台账，填疑似编号；不该转的，改正核查结论。",
    source="本系统；domain.md 2.6 疑似编号",
)
def handed_on_to_nobody(town: Town, policy: Policy) -> Iterator[Spot]:
    """疑似案结案写“转辍学台账”，辍学台账里就要有这个孩子。两头都不在册，孩子就从所有名单里消失了，再也没有人去劝。"""
    book = cases.cases(town)
    rows = book[(book["verdict"] == cases.TO_DROPOUT) & (book["settled"] <= pd.Timestamp(town.as_of))]
    rows = complete(rows[rows["dropout"].isna()], "student_key")
    rows = rows[~among(rows, town["dropout"], enrolment.PUPIL)]
    rows = rows[readable(town, rows["home"], "dropout.ys_id", "dropout.student_key")]
    rows = rows[~maybe_listed(town, rows, "dropout")]
    yield from spots(rows, "suspected", "verdict", place="suspected")


@rule(
    "X67",
    WARNING,
    needs=("suspected.owner", "dropout.owner", "roster.student_key", "roster.guest"),
    says="{name}的责任学校写{written}，学籍在{school}",
    fix="请核对：谁的学生谁负责，学籍在哪所学校，责任学校就写哪所；转学没有核办的，责任仍在原校。",
    source="domain.md 2.6 责任学校, 1.1 谁的学生谁负责",
)
def owned_by_another(town: Town, policy: Policy) -> Iterator[Spot]:
    """台账的责任学校就是学籍学校。写成别的学校，两边都以为对方在劝返。借读的学生学籍不在本校，不看。"""
    roster, names = town["roster"], school_names(town)
    guests = set(roster.loc[yes(roster["guest"]), "student_key"].dropna())
    here = set(zip(roster["home"], roster["student_key"], strict=True))
    for sheet in cases.LEDGERS:
        rows = complete(town[sheet].assign(written=named(keyed(town, sheet, "owner"), names)), "written")
        rows = rows[(rows["written"] != rows["home"]) & ~rows["student_key"].isin(guests)]
        for index, home, key, name, written in each(rows, "home", "student_key", "name", "written"):
            if (home, key) in here and (written, key) not in here:
                yield at(sheet, index, "owner", name=called(name), written=written, school=home)


DIFFERS = "{name}的“{column}”写{written}，{where}写{known}"


@rule(
    "X68",
    WARNING,
    needs=(
        *("dropout.ys_id", "dropout.confirm_date", "dropout.drop_date", "dropout.order_no", "dropout.order_due"),
        *("suspected.case_id", "suspected.last_day", "legal.doc_no", "legal.deadline"),
    ),
    says="{name}{day}认定辍学，没有填由哪个疑似案转来",
    fix="请照疑似辍学台账和法律文书核对，补填编号，改正不一致的日期。",
    source="domain.md 2.6 疑似编号, 辍学日期, 限期",
)
def ledgers_differ(town: Town, policy: Policy) -> Iterator[Spot]:
    """本学年认定的辍学都由疑似案转来，要填疑似编号；辍学日期就是疑似台账的停学日期，限期就是文书上的限期。两处不一样，时限就没法算。"""
    rows, first = town["dropout"], pd.Timestamp(f"{town.year[:4]}-09-01")
    linked = keyed(town, "dropout", "ys_id")
    lone = rows["ys_id"].isna() & town.known("dropout", "ys_id") & (rows["drop_date"] >= first)
    yield from spots(rows[lone & rows["confirm_date"].notna()], "dropout", "ys_id", day="confirm_date")
    for column, keys, sheet, number, other in (
        ("drop_date", linked, "suspected", "case_id", "last_day"),
        ("order_due", keyed(town, "dropout", "order_no"), "legal", "doc_no", "deadline"),
    ):
        there = complete(town[sheet], number, other)
        there = there[~there.duplicated(["home", number], keep=False)]
        known = dict(zip(zip(there["home"], there[number], strict=True), there[other], strict=True))
        where = f"“{town.schema.sheets[sheet].title}”"
        cells = complete(rows.assign(key=keys), "key", column)
        for index, home, key, name, written in each(cells, "home", "key", "name", column):
            right = known.get((home, key), written)
            if right != written:
                facts = {"written": f"{written:%Y-%m-%d}", "known": f"{right:%Y-%m-%d}", "where": where}
                yield at("dropout", index, column, says=DIFFERS, name=called(name), **facts)


@rule(
    "X69",
    WARNING,
    needs=("visit.case_id", "visit.seq"),
    says="{name}这一案的劝返次数不连续：这里写第{seq}次，应是第{due}次",
    fix="请按日期从1起连续编次；漏记的补记，同一次不要记两行。",
    source="domain.md 2.6 劝返记录 次数",
)
def visits_not_numbered(town: Town, policy: Policy) -> Iterator[Spot]:
    """一案的劝返从第1次起连续编次。跳了一次，不是漏记就是删了；一案只报第一处。次数和日期先后相反的见X52。"""
    rows = complete(town["visit"], "case_id", "seq").sort_values("seq", kind="stable")
    unclear = town["visit"].loc[town["visit"][["case_id", "seq"]].isna().any(axis=1), "home"]
    rows = rows[~rows["home"].isin(unclear)]
    due = rows.groupby(["home", "case_id"]).cumcount() + 1
    wrong = rows.assign(due=due)[rows["seq"] != due].drop_duplicates(["home", "case_id"])
    yield from spots(wrong, "visit", "seq", seq="seq", due="due")


RULES: tuple[Rule, ...] = (back_but_absent, absent_again, back_but_not_on_the_roster, back_by_the_visit_only,
                           no_proof_of_the_vocational_school, struck_off_without_ground, steps_in_impossible_order,
                           handed_on_to_nobody, owned_by_another, ledgers_differ, visits_not_numbered)  # fmt: skip
