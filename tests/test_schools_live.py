"""A school's live page: its own figures, equal to the archived ones, and in its kernel nothing of any other school."""

import asyncio
import datetime as dt
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from argon2 import PasswordHasher

import handmade
import townships
from kongchuo.commands import opening
from kongchuo.core import places, policy, years
from kongchuo.core.findings import UserError
from kongchuo.core.places import POLICY
from kongchuo.excel import registry
from kongchuo.pages import monthly, people, signals, term, year
from kongchuo.pages.people.pupils import People
from kongchuo.pages.report import ONLY_THE_TOWN, Report
from kongchuo.pages.term.rounds import Round
from kongchuo.pages.views import Month
from kongchuo.pages.year.years import Year
from kongchuo.publishing import forks
from kongchuo.rules.judging import judge
from kongchuo.site import accounts, answering, folder_state, rights
from serving import Visitor, browser, serving  # noqa: F401
from test_every_measure import spoilt
from test_kernels import eventually, parents_of

HELD = policy.load(POLICY)
PAGES = {
    "month": (monthly.PLAN, Month, "2023-10"),
    "round": (term.PLAN, Round, "2023-2024-1-1"),
    "year": (year.PLAN, Year, "2023-2024"),
    "people": (people.PLAN, People, "2023-10"),
}
PUPILS = ("roster", "baseline", "change", "suspected", "dropout", "watch")
SECRET = {"student_key", "id_no", "status_no", "name", "guardian", "father", "mother"}


@cache
def township(seed):
    """A township with faults, and what the rules say of it."""
    town, _ = handmade.township(3, 60, seed, dt.date(2024, 1, 26), spoil=spoilt(seed))
    return town, judge(town, HELD)


def report(seed, kind, home):
    plan, view, period = PAGES[kind]
    town, judgement = township(seed)
    start, end = years.period(period).days
    return Report(plan, view(town, HELD, judgement, home, period, start, min(end, town.as_of)))


def words(rows):
    """Names and numbers of pupils and families that stand in rows."""
    return {one for column in SECRET & {*rows} for one in rows[column].dropna().astype(str)}


def own_words(town, home):
    """Those in the workbooks of a school."""
    return {one for sheet in PUPILS for one in words(town[sheet][town[sheet]["home"] == home])}


def foreign(town, home):
    """Those in the workbooks of the other schools, and in the census of their pupils, which are in none of this one's, nor in the
    census of children who are at no school of the township."""
    rows = town["census"]
    elsewhere = ~rows["study_school"].isin(town.homes)
    known = own_words(town, home) | words(rows[(rows["study_school"] == home) | elsewhere])
    others = {one for other in town.homes if other != home for one in own_words(town, other)}
    staff = {*town["staff"]["name"].dropna(), *town["village"]["contact"].dropna()}  # somebody may bear the same name
    return (others | words(rows[~elsewhere])) - known - staff


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_a_school_is_given_is_its_archived_page_and_names_no_pupil_of_another(seed, kind):
    town, _ = township(seed)
    for home in town.homes:
        given = report(seed, kind, home).told(home, (home,))
        archived = report(seed, kind, home)

        sections = [name for name in archived.plan.sections if name != "footer"]  # which says the minute
        assert {name: given.pages[name] for name in sections} == {name: str(archived.html(name)) for name in sections}
        assert given.choices["学校"] == ([(home, home)], home)
        held = pickle.dumps((given.pages, given.tables, given.choices)).decode("utf-8", "ignore")
        others = foreign(town, home)
        assert len(others) > 50
        assert [one for one in others if one in held] == []


def test_nothing_is_given_that_is_not_of_the_one_school():
    town, judgement = township(1)
    first, second = town.homes[:2]
    back = signals.Year(town, HELD, judgement, "", "2023-2024", dt.date(2023, 9, 1), town.as_of)

    for made, school in (
        (report(1, "month", second), first),
        (report(1, "month", ""), first),
        (report(1, "month", first), ""),
    ):
        with pytest.raises(UserError, match=ONLY_THE_TOWN):
            made.told(school, (first,))
    with pytest.raises(UserError, match=ONLY_THE_TOWN):
        Report(signals.PLAN, back).told(first, (first,))


def memory(process):
    """All that a process has in its memory, or nothing where this system lets nobody look."""
    found = []
    try:
        maps = Path(f"/proc/{process.pid}/maps").read_text().splitlines()
        with open(f"/proc/{process.pid}/mem", "rb", 0) as file:
            for line in maps:
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if "rw" in line.split()[1] and "[v" not in line:
                    file.seek(start)
                    found.append(file.read(end - start))
    except PermissionError:
        return b""
    return b"".join(found)


def standing(held, words):
    """Which of the words (of some of them) stand in a memory, in whatever way Python keeps them."""
    some = sorted(words)[:: max(1, len(words) // 16)]
    return [one for one in some if any(one.encode(way) in held for way in ("utf-8", "utf-16-le"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("schools")
    townships.make(folder / "shared", 3, 90, faults=True)
    held = accounts.Accounts(folder / "accounts")
    quick = PasswordHasher(1, 8, 1)
    schools = [school.name for school in registry.registered(folder / "shared", "2023-2024")]
    for name, school in (("甲", schools[0]), ("乙", schools[1])):
        held.change(name, lambda _, n=name, s=school: accounts.Account(n, rights.SCHOOL, (s,), hash=quick.hash(n * 8)))
    door = f"door=listening.opened(accounts.Accounts(Path({str(held.folder)!r})))"
    with serving(folder, folder / "shared", folder / "out", places.NOTEBOOKS, more=door) as made:
        made.schools, made.accounts, made.shared = schools, held, folder / "shared"
        yield made


def address(school, notebook="monthly_self_check", **more):
    return f"/live/{notebook}?school={quote(school)}&month=2023-10" + "".join(f"&{k}={v}" for k, v in more.items())


@pytest.mark.skipif(not forks.possible(), reason="elsewhere a school has no live page")
def test_the_kernel_of_a_school_has_nothing_of_another_and_follows_its_drop_downs(site, browser):  # noqa: F811
    town = opening.reached(site.shared, "2023-2024")
    own = site.schools[0]
    tab = browser.new_page()
    tab.set_default_timeout(120_000)
    tab.goto(f"{site.origin}/login")
    tab.fill("input[name=name]", "甲")
    tab.fill("input[name=password]", "甲" * 8)
    tab.click("button")
    tab.goto(site.origin + address(own), wait_until="commit")
    ahead = tab.locator("#ahead select >> nth=0").locator("option").all_inner_texts()
    tab.wait_for_selector(".kc-controls select >> nth=0")
    offered = tab.locator(".kc-controls select >> nth=0").locator("option").all_inner_texts()
    tab.select_option(".kc-controls select >> nth=1", label="2023-11")
    tab.wait_for_selector("h1:has-text('2023年11月')")
    room = tab.locator(".kc-controls select >> nth=3").locator("option").nth(1).inner_text()
    tab.select_option(".kc-controls select >> nth=3", label=room)
    tab.wait_for_function("() => document.querySelector('[data-kc-address]')")
    (origin,) = (one for one in parents_of(site) if places.WORKBOOKS not in one.environ())
    ours = origin.children()
    text = tab.inner_text("body")
    held = [memory(one) for one in (origin, *ours)]
    tab.close()
    found = [standing(one, foreign(town, own)) for one in held]
    shown = {one for one in own_words(town, own) if one in text}
    known = [len(standing(one, shown)) for one in held]

    assert ahead == offered == [own]
    assert len(ours) == 1
    assert [one for one in foreign(town, own) if one in text] == []
    assert found == [[], []]
    assert not any(str(site.shared).encode() in one for one in held)
    assert shown
    assert not held[0] or (known[0], known[1] > 0) == (0, True)  # what the page shows, and in the other nothing


@pytest.mark.skipif(not forks.possible(), reason="elsewhere a school has no live page")
def test_a_school_opens_no_live_page_but_its_own(site):
    own, other = site.schools[:2]
    visitor = Visitor(site, "甲", "甲" * 8)
    refused = [
        address(other),
        address("all"),
        address("全镇"),
        "/live/monthly_self_check",
        address(other) + f"&school={quote(own)}",
        address(own, "signals_back_test").replace(quote(own), "all"),
        address(own + " "),
    ]

    assert [visitor.status(path) for path in refused] == [403] * len(refused)
    assert visitor.status("/voila/static/voila.js") in (200, 404)
    assert f"/live/monthly_self_check?{urlencode({'school': own})}" in visitor.ask("/")[1]
    text = visitor.ask(address(own, "signals_back_test", year="2023-2024"))[1]
    assert "预警回看只做全镇的" in text
    path = address(own) + f"&school={quote(other)}"  # the first counts, everywhere
    assert {*eventually(lambda: re.findall("<h1>(.*?)<", visitor.ask(path)[1]), 60)} == {own}


class Books:
    """Those that tell everything, and remember that they were asked."""

    def __init__(self):
        self.asked = []

    async def parent(self):
        return self

    def hold(self, *asked):
        pass

    async def tell(self, verb, address, *, school, schools, values):
        self.asked.append((verb, school, schools))
        return {"file": "told"}


class Visit:
    def __init__(self, person, over=False):
        self.person, self.over = person, over

    def ended(self):
        return self.over


OWN = rights.Person("甲", rights.SCHOOL, ("甲校",))
GOOD = {"verb": "people", "address": "school=甲校&month=2023-10", "values": None}
QUESTIONS = {  # what a kernel of 甲校 asks -> whether it is told
    "its own": ({}, True),
    "a choice of its own": ({"values": {"学校": "甲校", "班级": "x"}}, True),
    "another school": ({"address": "school=乙校&month=2023-10"}, False),
    "the last counts": ({"address": "school=甲校&school=乙校"}, False),
    "a choice of another": ({"values": {"学校": "乙校"}}, False),
    "a choice of no school": ({"values": {"班级": "x"}}, False),
    "the town": ({"address": "school=all"}, False),
    "no school": ({"address": "month=2023-10"}, False),
    "another report": ({"verb": "annual_reward"}, False),
    "another ticket": ({"ticket": "x"}, False),
    "no ticket": ({"ticket": None}, False),
    "a list": ({"values": {"学校": ["甲校"]}}, False),
}


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("over", [False, True])
def test_a_kernel_is_told_of_its_own_school_as_long_as_its_session_lasts(question, over, tmp_path):
    async def told(changed):
        asked = Books()
        answers = answering.Answers(asked, tmp_path)
        answers._server = True  # nobody listens
        said = await answers.admit(Visit(OWN, over), "people")
        ticket = said[places.ASK].rpartition("|")[2]
        answer = await answers._answer({"ticket": ticket, **GOOD, **changed})
        return answer, asked.asked

    changed, good = QUESTIONS[question]
    with ThreadPoolExecutor(1) as apart:  # a browser of this test run may have a loop of its own here
        answer, asked = apart.submit(asyncio.run, told(changed)).result()
    assert (answer, asked) == (
        ({"file": "told"}, [("people", "甲校", ("甲校",))])
        if good and not over
        else ({"says": answering.NOT_YOURS}, [])
    )


def test_the_process_that_shows_schools_their_pages_ends_when_it_has_not_been_used_for_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(answering, "UNUSED_SECONDS", 0.05)

    async def rests(*visits):
        """How often it rests while these come, and go one after the other."""
        asked, found = Books(), []
        asked.rest = lambda: found.append("rest")
        answers = answering.Answers(asked, tmp_path)
        answers._server = True  # nobody listens
        for visit in visits:
            await answers.admit(visit, "people")
        counted = []
        for visit in visits:
            answers.dismiss(visit)
            await asyncio.sleep(0.2)
            counted.append(len(found))
        return counted

    with ThreadPoolExecutor(1) as apart:
        assert apart.submit(asyncio.run, rests(Visit(OWN), Visit(OWN))).result() == [0, 1]


@pytest.mark.skipif(not forks.possible(), reason="elsewhere a school has no live page")
def test_it_is_another_process_afterwards(tmp_path):
    held = folder_state.Books(tmp_path, tmp_path, tmp_path, {places.WORKBOOKS: str(tmp_path)})
    first = held.blank()
    assert held.blank() is first
    held.rest()
    first._process.wait(30)
    second = held.blank()
    held.end()
    assert (first.ended, second is first) == (True, False)
