"""What people typed on 校验结果, the program's own worksheet in each workbook: their waivers."""

from __future__ import annotations

import python_calamine

from ...core.places import RESULTS
from ...core.workbooks import Asked
from ...judging import waivers
from .packages import Package


def asked(opened: python_calamine.CalamineWorkbook, package: Package) -> tuple[Asked, ...]:
    """The waivers typed in a workbook; most hold only the sheet's header. Never raises for what the sheet holds."""
    if package.sheets.get(RESULTS, b"").count(b"<row") < 2:
        return ()
    try:
        return tuple(waivers.read(opened.get_sheet_by_name(RESULTS).to_python(skip_empty_area=False)))
    except (KeyboardInterrupt, SystemExit):
        raise
    except (
        BaseException
    ):  # a panic of the parser is no Exception; a damaged sheet of ours is no loss, marking writes it anew
        return ()
