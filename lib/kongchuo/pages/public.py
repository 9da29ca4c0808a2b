"""A section as everybody may see it (domain.md 9, P02 and P05): figures without the rows behind them, very few people merged.

What is not known to be harmless stays out: rows, lists, charts, and every text or number that tells of very few.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from ..core.editions import few, few_people, hidden
from ..figures.base import Measure
from .display import Blanks, Figure, Note, Section, Table, Tiles

MERGED = "并入合计"
UNKNOWN = Note("本节有尚未判定的内容，不能当作没有问题。", "unknown")


def public(section: Section, minimum: int) -> Section:
    """The section for the public edition; `minimum` is the policy's public_minimum."""
    blocks = [made for block in section.blocks for made in _block(block, minimum)]
    lost = [block for block in section.blocks if isinstance(block, Note) and block.tone == "unknown"]
    if lost and not any(isinstance(block, Note) and block.tone == "unknown" for block in blocks):
        blocks.append(UNKNOWN)
    return replace(section, blocks=tuple(blocks), count=0)


def _block(block: object, minimum: int) -> Iterator[object]:
    if isinstance(block, Blanks) or (isinstance(block, Note) and not few_people(block.text, "", minimum)):
        yield block
    elif isinstance(block, Tiles):
        yield Tiles(tuple(_figure(figure, minimum) for figure in block.figures))
    elif isinstance(block, Table) and not block.internal and _counts_only(block):
        yield from _table(block, minimum)


def _figure(figure: Figure, minimum: int) -> Figure:
    if _too_few(figure.value, figure.label, minimum):
        return Figure(figure.label, left_out(minimum) if isinstance(figure.value, Measure) else hidden(minimum))
    small = any(few(int(number), minimum) for number in re.findall(r"\d+", figure.note))  # it stands beside people
    return replace(figure, note="") if small else figure


def rate(measure: Measure, minimum: int) -> str:
    """A rate with its counts as everybody may read it; what tells of very few is left out."""
    return left_out(minimum) if _too_few(measure, "", minimum) else measure.text


def left_out(minimum: int) -> str:
    """What stands in the place of a rate that tells of very few."""
    return f"略（有{hidden(minimum)}的人数）"


def _counts_only(table: Table) -> bool:
    """Whether each row is a unit with numbers: no texts, so no names, kinds or reasons."""
    values = [value for row in (*table.rows, table.total) for value in row[1:]]
    return all(isinstance(value, (int, float, Measure)) or value is None or value is pd.NA for value in values)


def _table(table: Table, minimum: int) -> Iterator[Table]:
    """A column with very few people in one unit keeps its total only; one with very few in all goes."""
    columns = list(zip(*table.rows, strict=True)) if table.rows else [() for _ in table.columns]
    totals = table.total or ("",) * len(table.columns)
    kept = []
    for place, (title, values, total) in enumerate(zip(table.columns, columns, totals, strict=True)):
        small = place and any(_too_few(value, title, minimum) for value in values)
        if (place and _too_few(total, title, minimum)) or (small and not table.total):
            continue
        kept.append((title, tuple(MERGED for _ in values) if small else values, total))
    if len(kept) < 2:
        return
    titles, cells, last = zip(*kept, strict=True)
    rows = tuple(zip(*cells, strict=True))
    note = f"小于{minimum}的人数已合并显示。" if len(kept) < len(columns) or MERGED in {*sum(cells, ())} else ""
    yield replace(table, columns=titles, rows=rows, total=last if table.total else (), note=table.note + note)


def _too_few(value: object, title: str, minimum: int) -> bool:
    if isinstance(value, Measure):
        return few(value.numerator, minimum) or few(value.short, minimum)
    if isinstance(value, (int, float)) and not pd.isna(value):
        return few_people(f"{value:g}", title, minimum)
    return isinstance(value, str) and few_people(value, title, minimum)
