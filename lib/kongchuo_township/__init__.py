"""An example township: invented schools, staff, pupils and a term or a year of records that keep every rule of the schema.

`generate` gives rows, not files; `making` writes them as files. The same schools, pupils and seed give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from kongchuo.core.schema import CENTRE, Schema

from . import (
    attendance,
    before,
    cases,
    census,
    changes,
    days,
    duty,
    enrolment,
    fault_cases,
    fault_cells,
    fault_census,
    fault_changes,
    fault_disabled,
    fault_duties,
    fault_filings,
    fault_handover,
    fault_links,
    fault_pairs,
    fault_pledges,
    fault_registers,
    fault_selfcheck,
    fault_sheets,
    fault_support,
    fault_watch,
    faults,
    inspection,
    selfcheck,
    stories,
    support,
    watch,
)
from .people import Register
from .population import populate
from .schools import Town, registry

YEAR = days.YEAR
# what changes a class or a sheet comes first, while all of them are free; before that cases, which need pupils of one village
FAULTS = (
    fault_handover,  # only one grade will do
    fault_watch,
    fault_cases,
    fault_registers,
    fault_duties,
    fault_links,
    fault_pledges,
    fault_changes,
    fault_support,
    fault_disabled,
    fault_census,
    fault_filings,  # one case a school and term
    fault_selfcheck,
    fault_pairs,
    fault_sheets,
    fault_cells,
)
PLANTS = {fault_links.change_missing: 3}  # few moves are such that one can be missing, so that comes before all
PLANTS |= {how: times for module in FAULTS for how, times in module.PLANTS.items()}
Rows = dict[str, list[dict]]  # sheet name -> rows, each field name -> value; an empty cell has no entry
LEAST_SCHOOLS = 2  # one junior school, one primary


def plant(books: dict[str, Rows], schema: Schema, seed: int) -> faults.Hand:
    """Plant faults of every kind in the rows of `generate`, which are changed; see faults.Hand for what comes back."""
    return faults.plant(books, schema, seed, PLANTS)


def generate(schools: int = 13, pupils: int = 4000, seed: int = 1, *, whole_year: bool = False) -> dict[str, Rows]:
    """The whole township: path of each workbook inside the shared folder -> its sheets -> their rows."""
    return dict(workbooks(schools, pupils, seed, whole_year=whole_year))


def workbooks(
    schools: int = 13, pupils: int = 4000, seed: int = 1, *, whole_year: bool = False
) -> Iterator[tuple[str, Rows]]:
    """The workbooks of the township one after another, so that a large one need not stand in memory as rows at once.

    The records reach to the end of the first term, with `whole_year` to the end of the second.
    Last come a few of the school year before: what this year is compared with.
    Raises ValueError for fewer than two schools or too few pupils to fill them.
    """
    if schools < LEAST_SCHOOLS or pupils < 12 * schools:
        raise ValueError("an example township needs at least 2 schools and 12 pupils a school")
    return _workbooks(schools, pupils, seed, days.WHOLE_YEAR if whole_year else days.FIRST_TERM)


def _workbooks(schools: int, pupils: int, seed: int, calendar: days.Calendar) -> Iterator[tuple[str, Rows]]:
    town = Town(Register(Random(seed)), schools, pupils, calendar)
    populate(town)
    records = [changes.Record(school, calendar) for school in town.schools]
    for term in calendar.parts:
        changes.changes(town, records, term)
        for record in records:
            stories.cases(town, record, term)
            attendance.absences(town.random, record, term)
    officer = town.register.own_name()
    confirmed: dict[str, days.dt.date] = {}
    dropouts = [case for record in records for case in record.cases if case.confirmed]
    for case in sorted(dropouts, key=lambda case: case.confirmed):
        confirmed.setdefault(case.child.village.code, case.confirmed)
    inspections = inspection.rounds(town, records)
    called: dict[tuple[str, days.dt.date], dict] = {}
    for record in records:
        daily = attendance.daily_rows(record, enrolment.first_due(record))
        visits = {day for _, _, day in inspections[record.school.code]}
        called |= {(row["class_id"], row["date"]): row for row in daily if row["date"] in visits}
        for stem, rows in _of_school(town, record, confirmed, officer, daily).items():
            yield f"{record.school.folder}/{stem}.xlsx", rows
    centre = {
        "基础信息": registry(town),
        "适龄儿童摸底": census.rows(town, records),
        "包保责任": duty.rows(town, records),
        "督查奖惩": inspection.rows(town, records, called),
    }
    for stem, rows in centre.items():
        yield f"{days.YEAR}/{CENTRE}/{stem}.xlsx", rows
    yield from before.workbooks(town, records)


def _of_school(
    town: Town, record: changes.Record, confirmed: dict[str, days.dt.date], officer: str, daily: list[dict]
) -> dict[str, Rows]:
    random = town.random
    return {
        "学籍": {
            "roster": enrolment.roster(record),
            "baseline": enrolment.baseline(record),
            "change": changes.rows(record),
            "reconcile": enrolment.reconcile(random, record),
        },
        **attendance.by_term(record, daily, attendance.absence_rows(random, record)),
        "控辍台账": {
            "watch": watch.rows(random, record, confirmed),
            "suspected": cases.suspected(record),
            "dropout": cases.dropouts(record, officer),
            "visit": cases.visits(random, record),
            "legal": cases.legal(record),
        },
        "帮扶": support.rows(random, record),
        "自查档案": selfcheck.rows(random, record),
    }
