"""Figures as a section of a report shows them: its tables by caption, its tiles by label, for tests that count them again."""

from kongchuo.figures.base import Measure
from kongchuo.pages.display import Anchor, Badge, Details, Section, Table, Tiles, To


def blocks(part):
    """Every block of a section, those behind a summary line included."""
    for block in part.blocks:
        yield block
        if isinstance(block, Details):
            yield from blocks(block)


def plain(cell):
    """A cell as a number or text: a badge by its text, a rate by its two counts."""
    if isinstance(cell, To | Anchor):
        return plain(cell.value)
    if isinstance(cell, Badge):
        return int(cell.text) if cell.text.isdigit() else cell.text
    return (cell.numerator, cell.denominator) if isinstance(cell, Measure) else cell


def tables(section: Section):
    """Caption -> (columns, rows, total) with plain cells."""
    return {
        block.caption: (
            block.columns,
            [tuple(map(plain, row)) for row in block.rows],
            tuple(map(plain, block.total)),
        )
        for block in blocks(section)
        if isinstance(block, Table)
    }


def tiles(section: Section):
    """Label -> value."""
    found = [figure for block in blocks(section) if isinstance(block, Tiles) for figure in block.figures]
    return {figure.label: plain(figure.value) for figure in found}


def table_rows(section: Section, caption: str):
    """The rows of one table as dictionaries: column -> cell."""
    columns, rows, _ = tables(section)[caption]
    return [dict(zip(columns, row, strict=True)) for row in rows]
