"""An example township: invented schools, staff, pupils and a term or a year of records that keep every rule of the schema.

`generate` gives rows, not files; `making` writes them as files. The same schools, pupils and seed give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from kongchuo.core.schema import CENTRE, Schema

from . import attendance, cases, census, days, enrolment, faults, office, planting, selfcheck, support
from .people import Register
from .schools import Town, populate, registry

YEAR = days.YEAR
Rows = dict[str, list[dict]]  # sheet name -> rows, each field name -> value; an empty cell has no entry
LEAST_SCHOOLS = 2  # one junior school, one primary


def plant(books: dict[str, Rows], schema: Schema, seed: int) -> planting.Hand:
    """Plant faults of every kind in the rows of `generate`, which are changed; see planting.Hand for what comes back."""
    return planting.plant(books, schema, seed, faults.PLANTS)


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
    records = [enrolment.Record(school, calendar) for school in town.schools]
    for term in calendar.parts:
        enrolment.changes(town, records, term)
        for record in records:
            cases.give(town, record, term)
            attendance.absences(town.random, record, term)
    officer = town.register.own_name()
    confirmed: dict[str, days.dt.date] = {}
    dropouts = [case for record in records for case in record.cases if case.confirmed]
    for case in sorted(dropouts, key=lambda case: case.confirmed):
        confirmed.setdefault(case.child.village.code, case.confirmed)
    inspections = office.rounds(town, records)
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
        "包保责任": office.duty_rows(town, records),
        "督查奖惩": office.inspection_rows(town, records, called),
    }
    for stem, rows in centre.items():
        yield f"{days.YEAR}/{CENTRE}/{stem}.xlsx", rows
    yield from census.year_before(town, records)


def _of_school(
    town: Town, record: enrolment.Record, confirmed: dict[str, days.dt.date], officer: str, daily: list[dict]
) -> dict[str, Rows]:
    random = town.random
    return {
        "学籍": {
            "roster": enrolment.roster(record),
            "baseline": enrolment.baseline(record),
            "change": enrolment.change_rows(record),
            "reconcile": enrolment.reconcile(random, record),
        },
        **attendance.by_term(record, daily, attendance.absence_rows(random, record)),
        "控辍台账": {
            "watch": support.watch_rows(random, record, confirmed),
            "suspected": cases.suspected(record),
            "dropout": cases.dropouts(record, officer),
            "visit": cases.visits(random, record),
            "legal": cases.legal(record),
        },
        "帮扶": support.rows(random, record),
        "自查档案": selfcheck.rows(random, record),
    }
