"""What was found is said again only while nothing it depends on has changed."""

import datetime as dt
import os
import pickle
import shutil
import stat
import time
from functools import partial

import openpyxl
import pandas as pd
import pytest

import townships
from kongchuo.commands import opening, remembering
from kongchuo.core import places, processes, schema
from kongchuo.excel import parse_cache, reading
from kongchuo_township import YEAR

ROSTER, REGISTRY = "学籍.xlsx", "基础信息.xlsx"
pytestmark = pytest.mark.usefixtures("judged_once")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(places.CACHE, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def shared(tmp_path):
    """Registries and rosters of a township alone: judged in a third of the time, with findings."""
    townships.make(tmp_path / "shared", 2, 40, 1, faults=True)
    for path in books(tmp_path / "shared"):
        if path.name not in (REGISTRY, ROSTER):
            path.unlink()
    return tmp_path / "shared"


def books(shared):
    return list(shared.rglob("*.xlsx"))


def named(shared):
    return {path.relative_to(shared).as_posix() for path in books(shared)}


@pytest.fixture
def never_read(monkeypatch):
    """Call it, and from then on the workbooks must not be read."""

    def forbid():
        monkeypatch.setattr(opening, "judged", lambda *_: pytest.fail("read again"))

    return forbid


def a_roster(shared):
    return next((shared / YEAR).rglob(ROSTER))


def test_same_files_are_not_read_again(cache, shared, never_read):
    first = opening.check([shared])
    never_read()
    again = opening.check([shared / YEAR])
    assert again == first
    assert first.findings


def test_shows_what_was_asked_for_of_what_is_remembered(cache, shared, never_read):
    everything = opening.check([shared])
    never_read()
    part = opening.check([a_roster(shared).parent])
    assert part.findings == tuple(
        f for f in everything.findings if f.workbook.split("/")[1] == a_roster(shared).parent.name
    )


def rename_a_column(shared):
    """The new file has the times of the old one, as where a backup was copied back: they may not be trusted."""
    path = a_roster(shared)
    before = path.stat()
    book = openpyxl.load_workbook(path)
    book["学生花名册"]["C1"] = "名姓"
    book.save(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def lock(shared):
    a_roster(shared).with_name(f"~${ROSTER}").touch()


def put_a_copy_beside(shared):
    shutil.copy(a_roster(shared), a_roster(shared).with_name("学籍(1).xlsx"))


@pytest.mark.parametrize("change", [rename_a_column, lock, put_a_copy_beside])
def test_any_change_is_seen(cache, shared, change):
    before = opening.check([shared])
    change(shared)
    after = opening.check([shared])
    assert after.findings != before.findings
    assert after.findings == opening.check([shared], remembered=False).findings


def test_last_years_lists_count(cache, shared):
    key = remembering.fingerprint(shared, YEAR, None)
    folder = shared / "2022-2023" / "示例小学"
    folder.mkdir(parents=True)
    (folder / ROSTER).write_bytes(b"")
    assert remembering.fingerprint(shared, YEAR, None) != key


def test_policy_code_and_day_count(cache, shared, tmp_path, monkeypatch):
    keys = {remembering.fingerprint(shared, YEAR, day) for day in (None, dt.date(2023, 10, 31), dt.date(2023, 11, 1))}
    with monkeypatch.context() as patch:
        policy = tmp_path / "policy.yaml"
        policy.write_text(
            places.POLICY.read_text("utf-8").replace("value: 3, unit: 上课日", "value: 4, unit: 上课日"), "utf-8"
        )
        patch.setattr(places, "POLICY", policy)
        keys.add(remembering.fingerprint(shared, YEAR, None))
    with monkeypatch.context() as patch:
        shutil.copytree(places.PACKAGE / "rules", tmp_path / "package" / "rules")
        patch.setattr(places, "PACKAGE", tmp_path / "package")
        keys.add(remembering.fingerprint(shared, YEAR, None))
        (tmp_path / "package" / "rules" / "cases.py").write_text("", "utf-8")
        keys.add(remembering.fingerprint(shared, YEAR, None))
    assert len(keys) == 6


def test_saved_while_reading_is_not_remembered(cache, shared, monkeypatch):
    judged = opening.judged

    def slow(*given):
        found = judged(*given)
        lock(shared)
        return found

    monkeypatch.setattr(opening, "judged", slow)
    opening.check([shared])
    assert not list(cache.glob("*.json"))


def test_a_failed_rule_is_not_remembered(cache, shared, monkeypatch):
    town, policy, judgement = opening.judged(shared, YEAR, None)
    broken = type(judgement)(judgement.findings, (), frozenset(), ("规则 X99 没有运行成功",))
    monkeypatch.setattr(opening, "judged", lambda *_: (town, policy, broken))
    assert opening.check([shared]).judgement.broken
    assert not list(cache.glob("*.json"))


def test_one_private_file_a_year(cache, shared):
    for day in (None, dt.date(2023, 10, 31)):
        opening.check([shared], day)
    (kept,) = cache.glob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"key": 1}'])
def test_what_cannot_be_understood_is_worked_out_again(cache, shared, content):
    first = opening.check([shared])
    (kept,) = cache.glob("*.json")
    kept.write_text(content, "utf-8")
    assert opening.check([shared]) == first


def test_without_a_place_to_write_it_works_all_the_same(shared, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(places.CACHE, str(tmp_path / "file"))
    assert opening.check([shared]) == opening.check([shared], remembered=False)


# --- the judgement of a batch -------------------------------------------------------------------------------------------


def test_a_state_of_the_books_is_judged_once_for_all_batches(cache, shared, tmp_path, monkeypatch):
    """Also of a copy that lies elsewhere; not as of another day, nor once a cell is another."""
    judged = []

    def counted(town, *more):
        judged.append(town.as_of)
        return examine(town, *more)

    def opened(folder, day=dt.date(2023, 10, 31)):
        monkeypatch.setattr(opening, "_KEPT", {})
        return opening.open_year(folder, YEAR, day)[2]

    examine = remembering.examine
    monkeypatch.setattr(remembering, "examine", counted)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv(places.SCRATCH, str(scratch))
    monkeypatch.setenv(places.FORKED, "1")
    first = opened(shared)
    shutil.copytree(shared, tmp_path / "copy")
    assert opened(tmp_path / "copy") == first
    assert len(judged) == 1
    (kept,) = (cache / remembering.JUDGED).iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    opened(shared, dt.date(2023, 11, 30))
    assert len(judged) == 2
    write(a_roster(shared), "学生花名册", 姓名="欧阳3测")
    assert opened(shared) != first
    assert len(judged) == 3


# --- a workbook as it was parsed ----------------------------------------------------------------------------------------


@pytest.fixture
def read(monkeypatch):
    """The names of the workbooks that were parsed, as they come."""
    names, call = [], processes.call

    def counted(work, path, name, *more, **named):
        names.append(name)
        return call(work, path, name, *more, **named)

    monkeypatch.setattr(processes, "call", counted)
    return names


def write(path, sheet, **cells):
    """Write cells into the last row of a worksheet that has any, under the titles of their columns."""
    book = openpyxl.load_workbook(path)
    rows = book[sheet]
    columns = {cell.value: cell.column for row in rows.iter_rows(max_row=4) for cell in row if cell.value}
    last = max(cell.row for row in rows for cell in row if cell.value is not None)
    for title, value in cells.items():
        rows.cell(last, columns[title]).value = value
    book.save(path)


def test_only_the_workbook_that_was_saved_is_read_again(cache, shared, read):
    reading.read_year(shared, YEAR)
    assert set(read) == named(shared)
    read.clear()
    write(a_roster(shared), "学生花名册", 姓名="欧阳测测")

    again = reading.read_year(shared, YEAR)

    assert read == [a_roster(shared).relative_to(shared).as_posix()]
    read.clear()
    anew = reading.read_year(shared, YEAR, read_one=partial(reading.read_workbook, fresh=True))
    assert set(read) == named(shared)
    assert [(one.name, one.sha256, one.findings) for one in anew.workbooks] == [
        (one.name, one.sha256, one.findings) for one in again.workbooks
    ]
    for name in schema.default().sheets:
        pd.testing.assert_frame_equal(again[name], anew[name])


def test_checking_anew_reads_anew(cache, shared, read):
    opening.check([shared], remembered=False)
    first = [*read]
    assert set(first) == named(shared)
    opening.check([shared], remembered=False)
    assert sorted(read) == sorted(2 * first)


def test_a_word_of_the_townships_own_reads_all_of_the_year_again(cache, shared, read):
    reading.read_year(shared, YEAR)
    before = set(read)
    read.clear()
    words = {"类别": "性别", "名称": "男", "别名": "男孩子"}
    write(next((shared / YEAR).rglob(REGISTRY)), "代码表", **words)
    reading.read_year(shared, YEAR)
    assert set(read) == {name for name in before if name.startswith(YEAR)}


def test_what_is_kept_is_the_users_own_and_goes_in_time(cache, shared):
    reading.read_year(shared, YEAR)
    kept = list((cache / parse_cache.FOLDER).iterdir())
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert stat.S_IMODE((cache / parse_cache.FOLDER).stat().st_mode) == 0o700
    old = time.time() - (parse_cache.OLD + 1) * parse_cache.DAY
    os.utime(kept[0], (old, old))
    parse_cache.tidied.cache_clear()
    book = schema.default().book_of["roster"]
    parse_cache.keep("0" * 64, reading.Workbook("x", book, "x"))
    assert not kept[0].exists()
    assert kept[1].exists()


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:100]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(pickle.dumps({"a": 1})),
        lambda path: path.write_bytes(pickle.dumps(Trap(path.with_suffix(".trap")))),
    ],
    ids=["cut short", "empty", "of another kind", "not ours"],
)
def test_what_cannot_be_understood_is_read_again(cache, shared, read, spoil):
    known = schema.default()
    name = a_roster(shared).relative_to(shared).as_posix()
    given = a_roster(shared), name, known.book_of["roster"], known.codes
    first = reading.read_workbook(*given)
    assert reading.read_workbook(*given).findings == first.findings
    assert read == [name]
    (kept,) = (cache / parse_cache.FOLDER).iterdir()
    spoil(kept)
    second = reading.read_workbook(*given)
    assert read == [name] * 2
    assert not kept.with_suffix(".trap").exists()
    assert all(table.frame.equals(second.tables[key].frame) for key, table in first.tables.items())
