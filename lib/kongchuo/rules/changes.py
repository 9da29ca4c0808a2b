"""Rules on 学生变动: transfers that hang or lead nowhere, leave that ran out or lacks its papers, words there must not be, late reports."""

import re
from collections.abc import Iterator

import pandas as pd

from ..core.cells import fold
from ..core.findings import ERROR, WARNING
from ..core.policy import Policy
from ..core.schema import CENTRE
from ..core.tables import Town, called, complete, each
from ..core.years import TERMS
from ..due import base, enrolment as limits
from ..facts import calendar, enrolment
from ..facts.references import dated, directory, keyed, look_up, maybe_listed, named, school_names
from .base import GONE, SCHOOL_DAYS, Spot, at, readable, rule, spots


def _by_now(town: Town, *kinds: str) -> pd.DataFrame:
    """The changes of these kinds that have happened by now, and those without a date."""
    rows = town["change"]
    return rows[rows["kind"].isin(kinds) & ~(rows["date"] > pd.Timestamp(town.as_of))]


@rule(
    "X18",
    WARNING,
    needs=("change.kind", "change.sys_state", "change.sys_start"),
    says="{school}{name}转出学籍发起{days}个工作日未核办，责任仍在{school}",
    fix="请联系转入学校和学籍主管部门尽快核办；核办后填“已核办”和核办日期，在这之前孩子仍由本校负责。",
    source="domain.md 3.2 X18; 学籍管理办法（2025）",
)
def transfer_not_approved(town: Town, policy: Policy) -> Iterator[Spot]:
    """转出从系统发起起，要在规定的工作日内核办。没有核办的，学籍和责任都还在原校，孩子要是没到新学校，就是本校的疑似辍学。"""
    rows = base.overdue(town, policy, limits.TRANSFERRED)
    begun = town["change"]["sys_start"].reindex(rows.index)
    days = calendar.elapsed(town, begun, town.as_of, policy.parameter("transfer_within").unit)
    yield from spots(rows.assign(number=days), "change", "sys_state", days="number")


# 去向: what makes a school of a text, what says that nobody knows, and words that name no place
SCHOOL = r"小学|中学|学校|学院|书院|完小|教学点|校区|附小|附中|[一二三四五六七八九十0-9]+[小中]|实小|外校|幼儿园|技校|职高|职中"
UNKNOWN = r"不详|不明|不清|未知|未定|待定|待查|待核|待落实|未落实|没联系|联系不上|失联"
EMPTY = (
    rf"{SCHOOL}|外省市?|外县|外市|外地|外校|本省|本市|本县|省外|市外|县外|当地|户籍地|务工地|打工地?|外出|某[省市县校]?|其他|其它|一所|别的|"
    r"就读|上学|读书|借读|转学|转入|转到|转往|转出|父母|随|到|去|在|的|所|市|县|省|镇|乡|村|[（）()、，,。.；;\s]"
)
NOWHERE = "{school}{name}转出去向写的是“{text}”，没有写明学校"


@rule(
    "X19",
    ERROR,
    needs=("change.kind", "change.place", "change.sys_state", "roster.status", "census.study_status", "census.proof"),
    says="{school}{name}转出{days}天仍是“{state}”，别处也没有见到这名学生，去向不明",
    fix="请当天家访和电话核实现在的就读学校；核实不了的，按疑似辍学记入“疑似辍学台账”并报中心学校。",
    source="domain.md 3.2 X19",
)
def transfer_to_nowhere(town: Town, policy: Policy) -> Iterator[Spot]:
    """转出要写明到哪所学校，并在系统里核办。只写“外地”“外出”，或者长期没有核办、哪里也见不到人，孩子很可能已经辍学。"""
    rows = _by_now(town, "转出")
    rows = rows[~_on_ledger(town, rows)]
    named = rows["place"].fillna("")
    vague = _names_no_school(town, rows["place"].dropna()).reindex(rows.index, fill_value=False)
    yield from spots(rows.assign(named=named)[vague], "change", "place", text="named", says=NOWHERE)
    rows = rows[
        ~vague
        & receiver(town, rows).isna()
        & rows["sys_state"].notna()
        & (rows["sys_state"] != "已核办")
        & rows["student_key"].notna()
    ]
    days = calendar.elapsed(town, rows["date"], town.as_of, policy.parameter("transfer_lost_after").unit)
    rows = rows.assign(days=days)[(days > policy["transfer_lost_after"]).fillna(False)]
    ledgers = ("suspected.student_key", "dropout.student_key")
    rows = rows[readable(town, rows["home"], "census.study_status", "census.proof", "roster.status", *ledgers)]
    unread = town.unread_homes("roster", "student_key", "status")
    columns = ["home", "name", "place", "days", "sys_state"]
    for index, school, name, place, number, state in each(rows[~_seen(town, rows)], *columns):
        # it may be on the roster nobody could read
        if pd.isna(place) or not any(fold(home) in fold(place) for home in unread):
            yield at("change", index, "sys_state", school=school, name=called(name), days=number, state=state)


@rule(
    "X55",
    ERROR,
    needs=("change.kind", "change.date", "change.student_key", "change.place", "roster.student_key", "roster.status"),
    says="{name}{day}从{school}转往{receiver}，{receiver}的花名册上没有他，两校都没有这个孩子",
    fix="请两校当天核对：孩子已到{receiver}的，由{receiver}补入花名册、记“转入”（日查的应到先不要改）；没有到的，由{school}家访，记入“疑似辍学台账”。",
    source="domain.md 1.1 谁的学生谁负责, 3.2 X02 X19",
)
def lost_between_schools(town: Town, policy: Policy) -> Iterator[Spot]:
    """在镇内转学，一校转出，另一校就要接收。转出的学校划掉了，转入的学校没有登记，两边都以为孩子在对方，最容易流失。转出后在变动报告时限内还没有登记的不算。"""
    rows = complete(_by_now(town, "转出"), "student_key", "date")
    rows = rows.sort_values("date", kind="stable").drop_duplicates("student_key", keep="last")
    rows = complete(rows.assign(receiver=receiver(town, rows)), "receiver")
    due = base.within(town, policy, rows["date"], "change_report_within")
    rows = rows[due < pd.Timestamp(town.as_of)]
    roster = town["roster"]
    held = roster[~roster["status"].isin(GONE) | ~town.known("roster", "status")]
    rows = rows[~rows["student_key"].isin(held["student_key"]) & ~maybe_listed(town, rows, "roster")]
    rows = rows[~_on_ledger(town, rows) & readable(town, rows["receiver"], "roster.student_key", "roster.status")]
    yield from spots(rows, "change", "place", day="date", receiver="receiver")


def receiver(town: Town, rows: pd.DataFrame) -> pd.Series:
    """The school of ours that each row of 转出 leads to by 去向, else by 摸底登记 (本镇在读 there); missing where it leads to none.

    A school elsewhere may bear the same name: what stands before the name must be the township's or nothing.
    """
    schools = directory(town, "school")
    names, centre = school_names(town), town["school"].loc[town["school"]["stage"] == CENTRE, "school_name"]
    here = {name.partition(CENTRE)[0].removesuffix("镇").removesuffix("乡") for name in centre.dropna()} - {""}
    own = re.compile("|".join(map(re.escape, sorted(names.values(), key=len, reverse=True))) or "(?!)")

    def of(text: str, home: str) -> str | None:
        exact = names.get(schools.find("", text)[0])
        match = own.search(text)
        if exact is None and match:
            before = re.sub(r"转|到|往|入|去|至|本镇|镇内|[\s，,、（(]", "", text[: match.start()])
            exact = match[0] if not before or any(word in before for word in here) else None
        return None if exact == home else exact

    pairs = zip(rows["place"].fillna("").tolist(), rows["home"].tolist(), strict=True)
    by_place = pd.Series([of(text, home) for text, home in pairs], rows.index, dtype="str")
    census = complete(town["census"], "student_key", "study_school")
    census = census[(census["study_status"] == "本镇在读") & census["student_key"].isin(rows["student_key"])]
    schools = named(look_up(town, census["study_school"], "school")["key"], names)
    going = dict(zip(census["student_key"], schools, strict=True))
    by_census = named(rows["student_key"], going)
    return by_place.fillna(by_census.where(by_census != rows["home"]))


def _names_no_school(town: Town, places: pd.Series) -> pd.Series:
    """Which texts say that nobody knows, or hold no school, or a school without a name of its own (外地小学)."""
    schools = directory(town, "school")
    own = re.compile(SCHOOL)
    vague = [
        bool(re.search(UNKNOWN, text))
        or (schools.find("", text)[0] == "" and (not own.search(text) or not re.sub(EMPTY, "", text)))
        for text in places
    ]
    return pd.Series(vague, places.index, dtype=bool)


def _on_ledger(town: Town, rows: pd.DataFrame) -> pd.Series:
    """Whether the pupil stands on a ledger of dropouts, open on the day of the change or later: somebody is looking already."""
    columns = ["student_key", "closed"]
    listed = complete(pd.concat([town[sheet][columns] for sheet in ("suspected", "dropout")]), "student_key")
    last = listed.assign(closed=listed["closed"].fillna(enrolment.LAST)).groupby("student_key")["closed"].max()
    return dated(rows["student_key"], last) >= rows["date"].fillna(enrolment.FIRST)


def _seen(town: Town, rows: pd.DataFrame) -> pd.Series:
    """Whether the pupil was seen: at school on some roster, away with proof in the census, or joining again later."""
    roster = town["roster"]
    maybe = roster["status"].isin((*enrolment.AT_SCHOOL, "休学")) | ~town.known("roster", "status")
    here = roster.loc[maybe, "student_key"]
    census = town["census"]
    proof = census["proof"].notna() | ~town.known("census", "proof")
    away = census.loc[(census["study_status"] == "镇外在读") & proof, "student_key"]
    joined = (
        town["change"][town["change"]["kind"].isin((*enrolment.JOINING, enrolment.RETURN))]
        .groupby("student_key")["date"]
        .max()
    )
    again = dated(rows["student_key"], joined) >= rows["date"]
    return rows["student_key"].isin(pd.concat([here, away]).dropna()) | again


@rule(
    "X20",
    ERROR,
    needs=("change.kind", "change.leave_to", "change.date", "roster.status", "roster.status_date"),
    says="{school}{name}休学于{day}到期，未复学也未续办",
    fix="请立即联系家长：能返校的办复学，记入“学生变动”；确需继续休学的凭医院证明续办；联系不上的按疑似辍学处理。",
    source="domain.md 3.2 X20",
)
def leave_ran_out(town: Town, policy: Policy) -> Iterator[Spot]:
    """休学到期要复学或续办。到期没有人过问的休学，往往就是事实上的辍学。"""
    for limit in (limits.LEAVE, limits.OLD_LEAVE):
        rows = base.overdue(town, policy, limit)
        rows = rows[readable(town, rows["home"], "roster.status", "change.kind") & ~_unclear(town, limit.sheet, rows)]
        yield from spots(rows, limit.sheet, limit.column, day="due")


def _unclear(town: Town, sheet: str, rows: pd.DataFrame) -> pd.Series:
    """Whether the pupil's state, or one of the pupil's changes, could not be read: it may be the return."""
    keys = [
        town[name].loc[~town.known(name, column), "student_key"]
        for name, column in (("roster", "status"), ("change", "kind"))
    ]
    return town[sheet]["student_key"].reindex(rows.index).isin(pd.concat(keys).dropna())


NO_PAPER = r"(?:无|没有|没|暂无|暂缺|缺|待补|后补|待交|未交|未开|口头|不需要|/|-|—)+(?:材料|证明|说明|申请)?[。.]?"
TOO_LOW = r"卫生室|卫生所|诊所|村医|医务室|卫生院"
HIGHER = r"县|市|区医院|省|人民医院|中心医院|附属|专科"
PAPERS = "{school}{name}休学材料不全：证明写的是“{evidence}”"


@rule(
    "X21",
    WARNING,
    needs=("change.kind", "change.evidence", "change.leave_from", "change.class_from", "class.grade"),
    says="{school}{name}在毕业班最后一学期（{grade}年级）休学，一般不办理",
    fix="请核对休学起止和批准手续；因病不能到校的可请病假或送教，确已批准的写明批准文件。",
    source="domain.md 3.2 X21",
)
def leave_without_papers(town: Town, policy: Policy) -> Iterator[Spot]:
    """休学要有县级以上医院的证明，毕业班最后一学期一般不办休学。手续不全的休学，检查时按辍学看待。"""
    rows = _by_now(town, "休学")
    text = rows["evidence"].fillna("").str.replace(r"\s", "", regex=True)
    poor = text.str.fullmatch(NO_PAPER) | (text.str.contains(TOO_LOW) & ~text.str.contains(HIGHER))
    yield from spots(rows[poor.astype(bool)], "change", "evidence", evidence="evidence", says=PAPERS)
    grades = dict(zip(town["class"]["class_id"], town["class"]["grade"], strict=True))
    held = keyed(town, "change", "class_from").reindex(rows.index).map(grades)
    begun = rows["leave_from"].fillna(rows["date"])
    terms = calendar.terms(town).set_index("term")["start"]
    late = begun >= terms[TERMS[1]] if TERMS[1] in terms else rows["term"] == TERMS[1]
    rows = rows.assign(grade=held)[held.isin(policy["graduating_grades"]) & late & begun.notna()]
    yield from spots(rows, "change", "leave_from", grade="grade")


WORD = r"退学|开除|劝退|辞退"
DENIED = rf"(?:不是|并非|不得|不能|不准|不予|没有|未|无|防止|避免|禁止|严禁|杜绝)[^，。；,;]{{0,4}}(?:{WORD})"
WRITTEN = "{school}{name}的{column}写了“{word}”，义务教育阶段不办理{word}"


@rule(
    "X22",
    ERROR,
    needs=("change.kind", "change.reason"),
    says="义务教育阶段不办理退学，{school}{name}的变动类别“{word}”须更正",
    fix="请写明孩子现在的真实去向：转到别校的选“转出”，休学的选“休学”；没有去处的要家访劝返，记入“疑似辍学台账”。",
    source="domain.md 3.2 X22; 方案六-7",
)
def no_such_procedure(town: Town, policy: Policy) -> Iterator[Spot]:
    """义务教育阶段没有退学，学校也不能开除、劝退学生。出现这些字样，说明学校放走了一个孩子，属于责任性辍学。"""
    rows = town["change"]
    rows = rows[~(rows["date"] > pd.Timestamp(town.as_of))]
    refused = rows["kind"].isin(town.schema.codes["change_kind"].refused)
    yield from spots(rows[refused], "change", "kind", word="kind")
    rows = rows[~refused]
    for column in ("reason", "note"):
        text = rows[column].fillna("").str.replace(DENIED, "", regex=True)
        rows = rows.assign(word=text.str.extract(f"({WORD})")[0])
        yield from spots(complete(rows, "word"), "change", column, word="word", says=WRITTEN)
        rows = rows[rows["word"].isna()]


@rule(
    "T08",
    WARNING,
    needs=("change.date", "change.report_date", *SCHOOL_DAYS),
    says="{school}{name}{day}变动，{days}个上课日后才报告，超过{limit}个上课日",
    fix="请核对变动日期和即时报告日期；学生一有变动，就在时限内报中心学校，迟报的写明原因。",
    source="domain.md 3.3 T08; 方案五（学生变动即时报告制度）",
)
def reported_late(town: Town, policy: Policy) -> Iterator[Spot]:
    """学生变动要即时报告。报得晚，中心学校和村里就晚知道，孩子去了哪里也就说不清。"""
    rows = base.state(town, policy, limits.REPORTED)
    changes = town["change"].reindex(rows.index)
    rows = rows[rows["late"] & changes["report_date"].notna()]
    days = calendar.elapsed(town, rows["start"], changes["report_date"].reindex(rows.index), calendar.SCHOOL_DAY)
    rows, limit = rows.assign(number=days), policy["change_report_within"]
    yield from spots(rows, "change", "report_date", day="start", days="number", alike={"limit": limit})


OVERLAP = "{term}{start}开学，{other}却到{end}才放假，两个学期重叠"


@rule(
    "X56",
    WARNING,
    needs=("change.term", "change.date", "score.term", "score.date", "term.start", "term.end"),
    says="学期写“{term}”，“{title}”{day}却在{held}",
    fix="请核对学期和日期，改正写错的一格。",
    source="domain.md 2.4 学期、变动日期, 2.9 督查日期",
)
def term_and_date(town: Town, policy: Policy) -> Iterator[Spot]:
    """学生变动和督查评分的学期，要是那个日期所在的学期；假期里的不论写哪个学期。学期写错，这件事就算到另一个学期去了。第二学期要在第一学期放假以后开学，重叠的日子算在哪个学期就说不清。"""
    terms = calendar.terms(town)
    before = terms.assign(other=terms["term"].shift(), until=terms["end"].shift())
    overlap = before[(before["start"] <= before["until"]).fillna(False)]
    yield from spots(overlap, "term", "start", says=OVERLAP, term="term", start="start", other="other", end="until")
    for sheet in ("change", "score"):
        rows = complete(town[sheet], "term", "date")
        title = town.schema.sheets[sheet].by_name["date"].title
        for held, start, end in terms[["term", "start", "end"]].itertuples(index=False, name=None):
            wrong = rows[rows["date"].between(start, end) & (rows["term"] != held)]
            yield from spots(wrong, sheet, "term", term="term", day="date", alike={"title": title, "held": held})


RULES = (transfer_not_approved, transfer_to_nowhere, lost_between_schools, leave_ran_out, leave_without_papers,
         no_such_procedure, reported_late, term_and_date)  # fmt: skip
