"""Papers on a child: letters and notices, 劝返记录, 一生一案, 一家一案, and the stories of cases without a name."""

import re
from collections.abc import Iterator, Mapping

import pandas as pd

from ..core.numbers import in_order
from ..core.tables import complete, yes
from ..facts import calendar, cases as case_facts, duty
from ..facts.references import keyed
from ..figures import flows
from ..pages.views import Month
from .base import BLANK, Copy, by_class, by_name, lacking, paged, said, scrubbed, shared, short, until


# --- 告家长一封信, 入学通知书, 劝学通知书, 限期复学通知书: what stands in each, family by family. For the family alone ---------------------
def parents(month: Month) -> Iterator[Copy]:
    """告家长一封信: a file a class, a page a pupil who is at school on the month's last day (domain.md 6.7)."""
    named, phones = by_name(month), _phones(month)
    for one, rows in by_class(month):
        head, name = named(one.head_teacher), said(one.class_name)
        of_class = {"class_name": name, "head": head, "phone": phones.get(head, BLANK)}
        copies = [
            {"name": said(row.name), "guardian": "" if pd.isna(row.guardian) else row.guardian, **of_class}
            for row in rows
        ]
        yield from paged(month, copies, name)


def _said(row: Mapping[str, object], *names: str, **columns: str) -> dict[str, str]:
    """Cells of a row as they stand on paper, under the names that a template knows them by (its own, or name=column)."""
    return {key: said(row.get(column)) for key, column in {**dict(zip(names, names, strict=True)), **columns}.items()}


def _phones(month: Month) -> dict[str, str]:
    """Name of a member of staff -> telephone; a name that two bear has none."""
    staff = complete(month.town["staff"], "name", "phone")
    staff = staff[~staff["name"].duplicated(keep=False)]
    return dict(zip(staff["name"], staff["phone"], strict=True))


def admission(month: Month) -> Iterator[Copy]:
    """入学通知书 with 送达回证: the school's notices due this month or later, and those who had not come by its end."""
    scope, named = month.scope, by_name(month)
    rows = scope.office("notice")
    homes = [scope.key("school", code) if isinstance(code, str) else "" for code in rows["school_code"]]
    rows = rows.assign(home=homes)
    codes = {scope.key("school", home): home for home in month.town.homes}
    rows = rows[rows["home"].map(codes) == month.home]
    coming = rows["due"] >= pd.Timestamp(month.start)
    rows = rows[coming | rows["arrived"].isna() | (rows["arrived"] > pd.Timestamp(month.end))]
    copies = [
        {
            **_said(row, "name", "recipient", "due", "served", number="notice_no", mode="serve_mode"),
            "server": named(row["server"]),
            "witness": said(row["witness_org"] if isinstance(row["witness_org"], str) else row["witness_type"]),
        }
        for row in rows.sort_values("notice_no", key=in_order).to_dict("records")
    ]
    yield from paged(month, copies)


def urging(month: Month) -> Iterator[Copy]:
    """劝学通知书: a page for each suspected case on hand at the month's end."""
    yield from _notices(month, flows.suspected(month.scope), "劝学通知书", "last_day", "teacher")


def timed(month: Month) -> Iterator[Copy]:
    """限期复学通知书: a page for each dropout case on hand. Never a penalty; who issues it stands in 法律文书 or stays blank."""
    yield from _notices(month, flows.dropouts(month.scope), "限期复学通知书", "drop_date", "bond_school")


def _notices(month: Month, cases: pd.DataFrame, kind: str, away: str, teacher: str) -> Iterator[Copy]:
    scope, named, phones = month.scope, by_name(month), _phones(month)
    cases = cases[case_facts.open_at(cases, scope.end)].sort_values("case_id", key=in_order)
    book, papers = case_facts.cases(month.town), case_facts.papers(month.town)
    papers = papers[(papers["doc_type"] == kind) & ~(papers["issued"] > pd.Timestamp(month.end))].sort_values("issued")
    sheet = "suspected" if teacher == "teacher" else "dropout"
    of_row = {place: number for number, place in book[sheet].dropna().items()}
    copies = []
    for place, row in zip(cases.index, cases.to_dict("records"), strict=True):
        own = papers[papers["case"] == of_row.get(place, -1)]
        paper = own.iloc[-1].to_dict() if len(own) else {}
        later = not paper or paper["served"] > pd.Timestamp(month.end)
        copies.append(
            {
                **_said(row, "name", "guardian", away=away),
                **_said(paper, "deadline", "issuer", number="doc_no", mode="serve_mode"),
                "class_name": scope.labels.get(row["class_id"], BLANK),
                "issued": said(paper.get("issued")) if paper else "____年__月__日",
                "server": named(paper.get("server")),
                "served": BLANK if later else said(paper["served"]),
                "teacher": named(row[teacher]),
                "phone": phones.get(named(row[teacher]), BLANK),
            }
        )
    yield from paged(month, copies)


# --- Case sheets: 劝返记录 with its chain of signatures, 学困厌学一生一案, 一家一案. Internal, one page or more a case --------------
OF_CASE = {  # key of the template -> columns of the two ledgers, the later ledger first
    "name": "name", "sex": "sex", "guardian": "guardian", "found": "found", "rep_center": "rep_center", "rep_town": "rep_town",
    "confirmed": "confirm_date", "plan": "plan_id", "bond_village": "bond_village",
}  # fmt: skip


def visits(month: Month) -> Iterator[Copy]:
    """劝返记录: a case that was on hand in the month, with every visit and paper up to its end, and the chain of domain.md 7.1."""
    scope, named = month.scope, by_name(month)
    start, end = pd.Timestamp(month.start), pd.Timestamp(month.end)
    book, made, papers = case_facts.cases(month.town), case_facts.visits(month.town), case_facts.papers(month.town)
    ledgers = {name: month.town[name].to_dict("index") for name in ("suspected", "dropout")}
    left = {}
    for frame in (flows.suspected(scope), flows.dropouts(scope)):
        left |= frame["left"].to_dict()
    book = scope.within(scope.with_class(book)).sort_values(["ys_id", "cx_id"], key=in_order, na_position="last")
    copies = []
    for number, case in book.iterrows():
        first = ledgers["suspected"].get(case["suspected"], {})
        second = ledgers["dropout"].get(case["dropout"], {})
        if second and second["confirm_date"] > end:
            second = {}
        begun = case["found"] if first else second.get("confirm_date", pd.NaT)
        gone = left.get(case["dropout"] if second else case["suspected"], pd.NaT)
        if begun > end or gone < start:
            continue
        own = made[(made["case"] == number) & ~(made["date"] > end)].sort_values(["date", "seq"])
        served = papers[(papers["case"] == number) & ~(papers["issued"] > end)].sort_values("issued")
        both = {**first, **{key: value for key, value in second.items() if not pd.isna(value)}}
        both = {key: None if isinstance(value, pd.Timestamp) and value > end else value for key, value in both.items()}
        copies.append(
            {
                **_said(both, **OF_CASE),
                "case": said(second.get("case_id") or first.get("case_id")),
                "class_name": scope.labels.get(case["class_id"], BLANK),
                "away": said(both.get("drop_date") or both.get("last_day")),
                "cause": said(both.get("cause1") or both.get("cause")),
                "where": said(both.get("where_place") or both.get("where")),
                "bond_school": named(both.get("bond_school") or both.get("teacher")),
                "state": _state(second, gone, end),
                "count": len(own),
                "visits": [_visit(place, row) for place, row in enumerate(own.to_dict("records"), 1)],
                "papers": [_paper(row, end) for row in served.to_dict("records")],
            }
        )
    yield from paged(month, copies)


def _state(second: dict, gone: object, end: pd.Timestamp) -> str:
    """Where the case stands at the month's end, by its dates: the ledger's own word may be of a later day."""
    ledger = "辍学台账" if second else "疑似辍学台账"
    return f"{ledger}在册" if pd.isna(gone) or gone > end else f"{said(gone)}离开{ledger}"


def _visit(place: int, row: dict) -> dict[str, str]:
    """One visit; counted on from the suspected case to the dropout case, since each ledger counts its own."""
    attitude = f"{said(row['guardian_att'])}／{said(row['pupil_att'])}"
    found = _said(row, "mode", "team", "barrier", "action", "result")
    return found | {"seq": str(place), "date": short(row["date"]), "attitude": attitude}


def _paper(row: dict, end: pd.Timestamp) -> dict[str, str]:
    found = _said(row, "receipt", "result", number="doc_no", kind="doc_type")
    found |= {"served": short(row["served"]), "deadline": short(row["deadline"])}
    return found | ({"result": BLANK} if row["deadline"] > end else {})  # what came of it was not known yet


PLAN = ("name", "kind", "listed", "basis", "baseline", "causes", "goal", "action", "parent_view", "review1", "review2", "goal_met",
        "converted", "conv_basis")  # fmt: skip


def plans(month: Month) -> Iterator[Copy]:
    """学困厌学一生一案: every plan listed by the month's end, with 帮扶记录 up to it."""
    scope, named = month.scope, by_name(month)
    rows = scope.rows("pupil_plan")
    rows = rows[~(rows["listed"] > pd.Timestamp(month.end))].sort_values("pupil_plan", key=in_order)
    logs = complete(until(month, month.town["support_log"], "date"), "date", "pupil_plan").sort_values("date")
    notes = _by(logs[logs["home"].isin(scope.homes)], "home", "pupil_plan")
    copies = []
    for row in rows.to_dict("records"):
        own = notes.get((row["home"], row["pupil_plan"]), [])
        entries = [
            _said(one, "mode", "content", "response") | {"date": short(one["date"]), "helper": named(one["helper"])}
            for one in own
        ]
        more = {"class_name": scope.labels.get(row["class_id"], BLANK), "helper": named(row["helper"])}
        copies.append(_said(row, *PLAN, number="pupil_plan") | more | {"count": len(own), "logs": entries})
    yield from paged(month, copies)


def _by(rows: pd.DataFrame, *names: str) -> dict[tuple, list[dict]]:
    """The rows as records by what these columns say, in the order of the rows."""
    found: dict[tuple, list[dict]] = {}
    for row in rows.to_dict("records"):
        found.setdefault(tuple(row[name] for name in names), []).append(row)
    return found


def families(month: Month) -> Iterator[Copy]:
    """一家一案: a page a family (案号), its children and the aid paid up to the month's end."""
    scope, named = month.scope, by_name(month)
    rows = scope.rows("family_plan")
    rows = rows.assign(number=rows["family_plan"].fillna(rows["student_key"])).sort_values("number", key=in_order)
    paid = complete(until(month, scope.rows("aid"), "paid_on"), "paid_on").sort_values("paid_on")
    villages = dict(month.town["village"][["village_code", "village_name"]].dropna().itertuples(index=False, name=None))
    got = _by(paid.assign(order=range(len(paid))), "student_key")
    copies = []
    for family in _by(complete(rows, "number"), "number").values():
        head = family[0]
        pupils = {(one["student_key"],) for one in family if not pd.isna(one["student_key"])}
        aid = sorted((one for key in pupils for one in got.get(key, ())), key=lambda one: one["order"])
        children = [_said(one, "name", "aid_due", "aid_done", grade="stage_grade") for one in family]
        paid_out = [
            _said(one, "name", "paid", item="aid_item", mode="pay_mode") | {"date": short(one["paid_on"])}
            for one in aid
        ]
        copies.append(
            {
                **_said(head, "householder", "needs", "action", "summary", number="family_plan", kind="poor_type"),
                **_said(head, level="poor_level", size="family_size", cause="poor_cause"),
                "village": villages.get(head["village_code"], said(head["village_code"])),
                "helper": named(head["helper"]),
                "children": children,
                "aid": paid_out,
            }
        )
    yield from paged(month, copies)


# --- 《控辍典型案例集》 of a term (domain.md 6.6): each case under a codename, its days counted, without village, class or date. Public ---
# A school that serves one village alone, or is a 教学点, tells the village (domain.md 9 drops villages in cases): it and its author
# go without their names.
KIND = "典型案例"
POINT = "教学点"
UNNAMED = {POINT: "某教学点", "小学": "某小学", "初中": "某中学"}  # by 学段
WEEKS = (4, 8, 16)  # after coming back, domain.md 6.6
CODENAME = re.compile(r"小[A-Z]\d*")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def stories(month: Month) -> Iterator[Copy]:
    """The cases registered in the term up to the month's end and said to be de-identified; the preface says how many were not."""
    scope, named = month.scope, by_name(month)
    rows = scope.rows("bulletin")
    terms = calendar.terms(month.town)
    starts = terms.loc[terms["term"] == scope.term, "start"].tolist()
    begun = (*starts, pd.Timestamp(f"{month.town.year[:4]}-08-01"))[0]
    rows = rows[(rows["kind"] == KIND) & rows["date"].between(begun, pd.Timestamp(month.end))]
    clean = yes(rows["deidentified"])
    good = rows[clean].sort_values(["home", "date", "issue_no"], key=in_order)
    numbers = {
        key: number
        for number, row in case_facts.cases(month.town).iterrows()
        for key in ((row["home"], row["ys_id"]), (row["home"], row["cx_id"]))
    }
    called = _called(month)
    copies = []
    for place, row in enumerate(good.to_dict("records"), 1):
        number = numbers.get((row["home"], row["case_id"])) if isinstance(row["case_id"], str) else None
        copies.append({"no": place, **_story(month, row, named(row["editor"]), _code(place, row), number, called)})
    said_so = [f"本期收入{len(copies)}篇，学生一律用代称，不写村名、班级和日期。"]
    if any(copy["school"] in UNNAMED.values() for copy in copies):
        said_so.append("教学点和只服务一个村的学校，校名会说出村，不写校名和作者姓名。")
    if not copies:
        said_so = ["本学期到目前为止，“简报案例”中还没有登记并标明“已脱敏”的典型案例。"]
    if (~clean).any():
        said_so.append(f"另有{int((~clean).sum())}篇没有标明“已脱敏”，没有收入。")
    unread = lacking(month, "bulletin", "visit")
    preface = "".join([*said_so, f"{unread}。" if unread else ""])
    yield Copy(shared(month, copies=copies, issued=said(month.end), preface=preface))


def _called(month: Month) -> dict[str, str]:
    """What a school is called whose name would tell the village of a child: full or usual name -> 某教学点, 某小学."""
    villages = duty.served(month.town).groupby("home")["village"].nunique()
    found = {}
    for row in month.town.schools.to_dict("records"):
        if row["stage"] == POINT or villages.get(row["school_name"]) == 1:
            usual = row["school_alias"].split("、") if isinstance(row["school_alias"], str) else []
            found |= dict.fromkeys((row["school_name"], *filter(None, usual)), UNNAMED.get(row["stage"], "某校"))
    return found


def _code(place: int, row: dict) -> str:
    """小A … 小Z, then 小A2 …; the codename the school's own text uses where it uses just one, so that both speak of one child."""
    own = {name for text in (row["title"], row["body"]) if isinstance(text, str) for name in CODENAME.findall(text)}
    if len(own) == 1:
        return own.pop()
    place -= 1
    return f"小{LETTERS[place % 26]}{place // 26 + 1 if place >= 26 else ''}"


def _story(
    month: Month, row: dict, author: str, code: str, number: int | None, called: dict[str, str]
) -> dict[str, object]:
    """One case: what the ledger says of it in code words and counts only, and the text the school has written."""
    town = month.town
    case = case_facts.cases(town).loc[number] if number is not None else {}
    first, second = (
        town[sheet].loc[case[sheet]] if pd.notna(case.get(sheet)) else {} for sheet in ("suspected", "dropout")
    )
    name = case.get("name") if number is not None else ""
    text = row["body"] if isinstance(row["body"], str) else BLANK * 8
    unnamed = re.compile("|".join(map(re.escape, sorted(called, key=len, reverse=True))) or "(?!)")
    title, text = (unnamed.sub(lambda found: called[found[0]], words) for words in (said(row["title"]), text))
    cause = said(second.get("cause1") if len(second) else first.get("cause") if len(first) else None)
    return {
        "title": scrubbed(month, title, code, name if isinstance(name, str) else ""),
        "school": called.get(row["home"], row["home"]),
        "author": "本校教师" if row["home"] in called else author,
        "code": code,
        "basics": BLANK * 6 if number is None else f"因{cause}没有到校，学校列入台账并上门劝返。",
        "cause": f"主要原因：{cause}。" if number is not None else BLANK * 6,
        "steps": _steps(month, number, case),
        "no_steps": "没有关联台账，过程见正文。" if number is None else "台账中没有劝返记录。",
        "body": scrubbed(month, text, code, name if isinstance(name, str) else ""),
        "outcome": _outcome(month, case) if number is not None else BLANK * 6,
    }


def _steps(month: Month, number: int | None, case: object) -> list[dict[str, str]]:
    if number is None:
        return []
    rows = case_facts.visits(month.town)
    rows = rows[(rows["case"] == number) & (rows["date"] <= pd.Timestamp(month.end))].sort_values(["date", "seq"])
    return [
        {
            "day": BLANK if pd.isna(case["away"]) else f"第{(row['date'] - case['away']).days + 1}天",
            "mode": said(row["mode"]),
            "attitude": f"{said(row['guardian_att'])}／{said(row['pupil_att'])}",
            "result": said(row["result"]),
        }
        for row in rows.to_dict("records")
    ]


def _outcome(month: Month, case: object) -> str:
    """Attendance 4, 8 and 16 weeks after coming back, in school days, from 缺勤明细."""
    settled = case["settled"] if case["verdict"] == case_facts.CAME_BACK else pd.NaT
    back = settled if pd.isna(case["back"]) else case["back"]
    if pd.isna(back) or back > pd.Timestamp(month.end):
        return "到目前为止没有返校的记录。"
    if case["home"] in month.scope.missing("absence"):
        return f"返校后的出勤没有读到。{BLANK * 4}"
    rows = month.town["absence"].assign(class_id=keyed(month.town, "absence", "class_id"))
    rows = rows[(rows["home"] == case["home"]) & (rows["student_key"] == case["student_key"])]
    parts = []
    for weeks in WEEKS:
        last = back + pd.Timedelta(weeks=weeks)
        if last > pd.Timestamp(month.end):
            parts.append(f"第{weeks}周未到")
            continue
        days = [day for day in map(pd.Timestamp, calendar.school_days(month.town)) if back <= day < last]
        away = rows.loc[rows["date"].isin(days), "halves"].fillna(2).sum() / 2
        parts.append(f"返校后{weeks}周应到{len(days)}日，实到{len(days) - float(away):g}日")
    return "；".join(parts) + "。"
