"""What leaves a township, judged as a batch does but without notebooks: every page with its 附表, every paper."""

import os
from dataclasses import replace

from kongchuo import papers
from kongchuo.core import years
from kongchuo.core.editions import HEADINGS, INTERNAL, PUBLIC, TOWN
from kongchuo.core.findings import UserError
from kongchuo.core.names import telling_names
from kongchuo.core.places import FILES
from kongchuo.pages import monthly, people, signals, term, year
from kongchuo.pages.people.pupils import People
from kongchuo.pages.report import Report
from kongchuo.pages.term.rounds import Round
from kongchuo.pages.views import Month, open_month
from kongchuo.pages.year.years import Year
from kongchuo.publishing.gate import Blocked, gate

PLANS = {Month: monthly.PLAN, People: people.PLAN, Round: term.PLAN, Year: year.PLAN, signals.Year: signals.PLAN}


def refused(shared, months, folder, *, rounds=True, whole_year=True, open_=open_month):
    """What the gate refuses of all that is made of a township for some months, the rounds and the year: texts, none for clean.

    `folder` is for scratch. `open_(school, month, shared)` opens a month.
    """
    said = []
    for key in months:
        opened = open_("all", key, shared)
        for home in ("", *opened.homes):
            editions = (INTERNAL, PUBLIC) if whole_year or not home else (INTERNAL,)
            said += _pages(replace(opened, home=home), folder, editions)
            said += _pages(people.seen(replace(opened, home=home)), folder, (INTERNAL,))
            said += _papers(replace(opened, home=home), folder)
    held = opened.town, opened.policy, opened.judgement
    if rounds:
        for part in years.ROUND_ENDS:
            period = years.period(f"{opened.town.year}-{part}")
            if period.days[0] <= opened.end:
                for home in ("", opened.homes[0]):
                    view = Round(*held, home, period.key, period.days[0], min(period.days[1], opened.end))
                    said += _pages(view, folder, (INTERNAL, PUBLIC) if not home else (INTERNAL,))
    if whole_year:
        period = years.period(opened.town.year)
        for home in ("", opened.homes[0]):
            view = Year(*held, home, period.key, period.days[0], opened.end)
            said += _pages(view, folder, (INTERNAL, PUBLIC) if not home else (INTERNAL,))
        said += _pages(signals.Year(*held, "", period.key, period.days[0], opened.end), folder, (INTERNAL,))
    return said


def _pages(view, folder, editions):
    """A page of each edition, and its 附表."""
    plan, said = PLANS[type(view)], []
    known = telling_names(view.town), view.policy["public_minimum"]
    os.environ[FILES] = str(folder)
    try:
        for edition in editions:
            report = Report(plan, replace(view, edition=edition))
            read_as = HEADINGS[TOWN] if edition == INTERNAL and not view.home else edition
            texts = ["".join(str(report.html(name)) for name in plan.sections)]
            texts += [folder / "附表.xlsx"] if report.tables() else []
            for text in texts:
                try:
                    gate(text, read_as, *known)
                except Blocked as blocked:
                    what = text.name if texts.index(text) else "页"
                    said.append(f"{view.title} {view.label} {plan.title(view)} {edition} {what}：{blocked}")
    finally:
        del os.environ[FILES]
    return said


def _papers(month, folder):
    """Every kind of paper of a month."""
    known = telling_names(month.town), month.policy["public_minimum"]
    try:
        papers.make(month, (), folder / "papers", gate=lambda path, edition: gate(path, edition, *known))
    except UserError as error:
        return [str(error)]
    return []
