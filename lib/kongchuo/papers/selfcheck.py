"""Papers of 自查档案: 简报 and 档案目录."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import unquote

import pandas as pd

from ..core import years
from ..core.editions import few, hidden
from ..core.numbers import natural
from ..core.tables import complete, yes
from ..figures import attendance
from ..figures.scopes import Scope
from ..pages.public import rate
from ..pages.views import Month
from . import filings
from .base import BLANK, Copy, Linked, by_name, lacking, left_out, said, scrubbed, shared, short, unfilled

# --- 档案目录 of the eighteen items: what the sheet says of each, and which papers made here belong under it (domain.md 1.5) ---
PAGES = {  # notebook -> what its page is, and the items it goes under; made by `kongchuo run`
    "monthly_self_check": ("月自查报告", (5, 7, 8, 12)),
    "term_inspection": ("督查情况反馈", (8,)),
    "annual_reward": ("学年奖惩报告", (17,)),
}
TELLS_APART = re.compile(r"_(20\d\d-\d\d)_?(.*)\.\w+$")  # in a file name, after paper and school: month and copy


def index(month: Month, papers: Iterable[tuple[str, tuple[int, ...]]], files: Iterable[str]) -> Iterator[Copy]:
    """档案目录: a row an item. `papers` are the kinds with the items they go under, `files` what has been made for the school this
    year, papers and pages, as addresses from where the 档案目录 will lie.
    """
    scope, named = month.scope, by_name(month)
    addresses = sorted(files, key=lambda address: natural(unquote(address)))
    made = [(unquote(address).split("/"), address) for address in addresses]
    rows = scope.rows("archive")
    rows = complete(rows[rows["home"] == month.home], "archive_no").drop_duplicates("archive_no")
    rows = rows.set_index("archive_no")
    names = {value.code: value.name for value in month.town.schema.codes["archive_item"].values}
    lines = []
    for number in range(1, month.policy["archive_items"] + 1):
        row = rows.loc[number].to_dict() if number in rows.index else {}
        lines.append(
            {
                "no": number,
                "name": names.get(str(number), BLANK),
                "copies": said(row.get("copies")),
                "media": said(row.get("has_media")),
                "missing": _missing(row),
                "owner": named(row.get("owner")),
                "updated": short(row.get("updated")),
                "place": said(row.get("place")),
                **_made(number, papers, made),
            }
        )
    note = "“本系统生成”一栏是本学年已经生成的材料和网页（屏幕上点开就是那个文件）和还可以打印的；签字盖章后归档，份数仍以“自查档案”档案目录为准。"
    yield Copy(shared(month, rows=lines, note=note, missing=lacking(month, "archive")))


def _missing(row: dict) -> str:
    if not row:
        return "档案目录里没有这一项"
    return said(row["missing"]) if isinstance(row["missing"], str) else ("" if row["copies"] else BLANK)


def _made(
    number: int, papers: Iterable[tuple[str, tuple[int, ...]]], made: list[tuple[list[str], str]]
) -> dict[str, object]:
    """The files made for an item, kind by kind with a link to each, in words and linked; a kind of which there is none says so."""
    kinds = []
    for name, items in papers:
        own = {path[-1]: (path[-1], address) for path, address in reversed(made) if path[-1].startswith(f"{name}_")}
        links = [
            (_label(*found.groups()), address)
            for file, address in sorted(own.values(), key=lambda one: natural(one[0]))
            if not file.endswith(".html") and (found := TELLS_APART.search(file))
        ]
        kinds.append((name, items, links))
    for notebook, (name, items) in PAGES.items():
        pages = [(_label(path[-3]), address) for path, address in made if path[-2:-1] == [notebook]]
        kinds.append((name, items, pages))
    parts: list[tuple[str, str]] = []
    for name, items, links in kinds:
        if number in items:
            parts.append((f"{'；' if parts else ''}{name}{'：' if links else '（未生成）'}", ""))
            for link in links:
                parts += [("、", ""), link] if link is not links[0] else [link]
    linked = Linked(tuple(parts))
    return {"made": str(linked), "links": linked}


def _label(key: str, part: str = "") -> str:
    """A link as it stands in the narrow column: 10月 九(1)班, 第一学期第二轮."""
    period = years.period(key)
    return f"{int(key[5:])}月{part}" if period.kind == "month" else period.short


# --- 《控辍保学简报》 of a month (domain.md 6.5): totals and how they moved, what the schools registered, the rest to be written. Public ---
FIGURES = {  # title on the page -> a figure of the monthly return
    "月末在校学生": ("月末", "在校"),
    "无故缺勤人次": ("无故缺勤", "出勤人次"),
    "本月新增疑似辍学": ("新增", "疑似辍学"),
    "本月疑似返校": ("返校", "疑似辍学"),
    "月末在册疑似辍学": ("本月末在册", "疑似辍学"),
    "月末在册辍学": ("本月末在册", "辍学"),
    "劝返户次": ("劝返户次", "劝返与家访"),
    "家访户次": ("家访户次", "劝返与家访"),
}
COUNTS = {(one.title, one.group): one for one in (*filings.PUPILS, *filings.ATTENDANCE, *filings.CASES, *filings.WORK)}
KIND = "简报"


def bulletin(month: Month) -> Iterator[Copy]:
    """The bulletin of the town, or of a school with the number, title and text it has registered for the month."""
    named, scope = by_name(month), month.scope
    rows = scope.rows("bulletin")
    rows = rows[(rows["kind"] == KIND) & scope.in_days(rows["date"])]
    order = {home: place for place, home in enumerate(month.town.homes)}
    rows = rows.assign(order=rows["home"].map(order)).sort_values(["order", "date"])
    own = rows.iloc[-1].to_dict() if month.home and len(rows) else {}
    least = month.policy["public_minimum"]
    needs = tuple(dict.fromkeys(need for key in FIGURES.values() for need in COUNTS[key].needs))
    missing = lacking(month, *needs)
    before = _before(month)
    figures = _figures(scope, before, least)
    # how many is not for everybody
    lost = (
        "有的行日期、类别等空着或有误，未计入本期数据。"
        if left_out(scope, *needs, "visit.mode", "absence.visited")
        else ""
    )
    due = f"{int(month.month[5:]) % 12 + 1}月{month.policy['month_report_due_day']}日前"
    words = {
        "issue": "第____期（总第____期）",
        "issued": "____年__月__日",
        "title": f"{month.label}{'' if month.home else '全镇'}控辍保学工作情况",
        "to": "各学校、各行政村",
    }
    if own:
        words |= {"issued": said(own.get("date")), "title": scrubbed(month, said(own.get("title")))}
        words |= {"to": scrubbed(month, said(own.get("to")))}
        words |= {"issue": scrubbed(month, own["issue_no"])} if isinstance(own["issue_no"], str) else {}
    words |= {
        "missing": unfilled(month) + (f"本期数据未含：{missing}。" if missing else "") + lost,
        "note": f"数据截至{said(month.end)}，由各校台账汇总。{_why(figures, before, least)}",
        "heading": "本校动态" if month.home else "各校动态",
        "reminder": f"每个上课日填日查；{due}完成月报和月自查；学生变动即时登记。",
        "editor": named(own.get("editor")),
        "signer": named(own.get("signer")),
    }
    yield Copy(shared(month, **words, figures=figures, news=_news(month, rows, own)))


def _before(month: Month) -> Scope | None:
    """The month before, where the ledgers of this school year hold it."""
    day = month.start - pd.Timedelta(days=1)
    key = f"{day:%Y-%m}"
    if years.year_of(key) != month.town.year:
        return None
    start, end = years.days_of(key)
    return replace(month.scope, start=start, end=end)


def _figures(now: Scope, before: Scope | None, least: int) -> list[dict[str, str]]:
    counts = tuple(COUNTS[key] for key in FIGURES.values())
    columns = [filings.totals(scope, counts) if scope else [None] * len(counts) for scope in (before, now)]
    found = []
    for title, *values in zip(FIGURES, *columns, strict=True):
        shown = [_shown(value, scope, least) for value, scope in zip(values, (before, now), strict=True)]
        found.append({"title": title, "before": shown[0], "now": shown[1], "change": _change(*values, least)})
    rates = [rate(attendance.rate(one).total, least).replace(" %", "%") if one else "—" for one in (before, now)]
    attended = {"title": "出勤率（实到／应到）", "before": rates[0], "now": rates[1], "change": ""}
    return [*found[:1], attended, *found[1:]]


def _why(figures: list[dict[str, str]], before: Scope | None, least: int) -> str:
    """In words, once, why a figure or a change is not there."""
    said = [] if before else ["上月不在本学年，没有上月数，不比增减。"]
    if any(hidden(least) in row["before"] + row["now"] or (before and row["change"] == "—") for row in figures):
        said.append(f"人数或增减少于{least}（0除外）的不印具体数，增减写“—”，以免看出是谁。")
    return "".join(said)


def _change(before: int | None, now: int | None, least: int) -> str:
    """More or less than the month before; left out wherever it would tell what a small number is."""
    if before is None or now is None or any(0 < abs(number) < least for number in (before, now, now - before)):
        return "—"
    return f"{now - before:+d}" if now != before else "不变"


def _shown(value: int | None, scope: Scope | None, least: int) -> str:
    if value is None:
        return filings.UNREAD if scope else "—"
    return hidden(least) if few(value, least) else str(value)


def _news(month: Month, rows: pd.DataFrame, own: dict) -> list[str]:
    """What was registered: the school's own text, or the title of each school's bulletin; only what is said to be de-identified."""
    if month.home:
        text = own.get("body")
        return [scrubbed(month, text)] if isinstance(text, str) and own.get("deidentified") is True else []
    good = rows.loc[yes(rows["deidentified"]), ["home", "title"]]
    return [f"{home}：编印《{scrubbed(month, said(title))}》。" for home, title in good.itertuples(index=False)]
