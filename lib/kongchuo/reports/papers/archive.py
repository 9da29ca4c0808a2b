"""档案目录 of the eighteen items: what the sheet says of each, and which papers made here belong under it (domain.md 1.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..months import Month
from .base import BLANK, Copy, by_name, lacking, said, shared, short

REPORTS = {
    5: "月自查报告（基本情况）",
    7: "月自查报告（人籍一致）",
    8: "月自查报告",
    12: "月自查报告（学生变动）",
}  # made by `kongchuo run`


def index(month: Month, papers: Iterable[tuple[str, tuple[int, ...]]], files: Iterable[str]) -> Iterator[Copy]:
    """档案目录: a row an item. `papers` are the kinds with the items they go under, `files` the names of what has been made."""
    scope, named, files = month.scope, by_name(month), list(files)
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
                "made": _made(number, list(papers), files),
            }
        )
    note = "“本系统生成”一栏是本学年可以由台账打印的材料；签字盖章后归档，份数仍以“自查档案”档案目录为准。"
    yield Copy(shared(month, rows=lines, note=note, missing=lacking(month, "archive")))


def _missing(row: dict) -> str:
    if not row:
        return "档案目录里没有这一项"
    return said(row["missing"]) if isinstance(row["missing"], str) else ("" if row["copies"] else BLANK)


def _made(number: int, papers: list, files: list[str]) -> str:
    """The files made for an item, else the papers that can be made."""
    found = []
    for name, items in papers:
        if number in items:
            own = [file for file in files if file.startswith(f"{name}_") and not file.endswith(".html")]
            found.append(name if len(own) == 1 else f"{name}（{len(own)}个文件）" if own else f"{name}（未生成）")
    return "；".join([*found, *([REPORTS[number]] if number in REPORTS else [])])
