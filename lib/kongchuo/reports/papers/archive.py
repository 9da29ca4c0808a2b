"""档案目录 of the eighteen items: what the sheet says of each, and which papers made here belong under it (domain.md 1.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from ...core import years
from ...core.ordering import natural
from ..months import Month
from .base import BLANK, Copy, Linked, by_name, lacking, said, shared, short

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
    made = [
        (unquote(address).split("/"), address)
        for address in sorted(files, key=lambda address: natural(unquote(address)))
    ]
    rows = scope.rows("archive")
    rows = (
        rows[rows["home"] == month.home]
        .dropna(subset=["archive_no"])
        .drop_duplicates("archive_no")
        .set_index("archive_no")
    )
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
        kinds.append(
            (name, items, [(_label(path[-3]), address) for path, address in made if path[-2:-1] == [notebook]])
        )
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
