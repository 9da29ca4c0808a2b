"""Watching gives what was saved once it has come to rest, whole, and each saving once. Nothing here sleeps."""

import zipfile
from pathlib import Path

import pytest

from kongchuo.commands import watching
from kongchuo.core.findings import UserError

A, B = Path("甲/学籍.xlsx"), Path("乙/学籍.xlsx")


def given(*looks, is_whole=lambda path: True):
    return list(watching.saved(iter(looks), is_whole))


def test_what_lies_there_at_first_is_not_new():
    assert given({A: (1, 1)}, {A: (1, 1)}, {A: (1, 1)}) == [[], [], []]


def test_a_saving_is_given_once_when_it_has_come_to_rest():
    assert given({A: (1, 1)}, {A: (2, 5)}, {A: (3, 9)}, {A: (3, 9)}, {A: (3, 9)}) == [[], [], [], [A], []]


def test_many_savings_close_together_are_one():
    looks = [{A: (moment, 1)} for moment in range(10)]
    assert [paths for paths in given(*looks, looks[-1], looks[-1]) if paths] == [[A]]


def test_a_new_file_and_two_at_once():
    assert given({}, {A: (1, 1), B: (1, 1)}, {A: (1, 1), B: (1, 1)}) == [[], [], [B, A] if B < A else [A, B]]


def test_the_instant_without_the_file_while_excel_renames():
    assert given({A: (1, 1)}, {}, {A: (2, 1)}, {A: (2, 1)}, {A: (2, 1)}) == [[], [], [], [A], []]


def test_a_half_written_file_is_given_when_it_is_whole():
    whole = iter([False, False, True])
    looks = [{A: (1, 1)}, *[{A: (2, 1)}] * 5]
    assert given(*looks, is_whole=lambda path: next(whole)) == [[], [], [], [], [A], []]


def test_what_is_a_workbook_on_the_disk(tmp_path):
    for name in ("~$学籍.xlsx", ".~学籍.xlsx", "学籍.xls", "12AB34CD"):
        (tmp_path / name).touch()
    good, half = tmp_path / "甲" / "学籍.xlsx", tmp_path / "半.xlsx"
    good.parent.mkdir()
    with zipfile.ZipFile(good, "w") as package:
        package.writestr("a", "b" * 1000)
    half.write_bytes(good.read_bytes()[:60])
    assert watching.look(tmp_path).keys() == {good, half}
    assert watching.whole(good)
    assert not watching.whole(half)
    assert not watching.whole(tmp_path / "没有.xlsx")


def test_watching_goes_on_after_a_fault_and_while_the_share_is_gone(tmp_path):
    """Steps instead of time: each sleep does what happens meanwhile; the last one is Ctrl-C."""
    shared, file = tmp_path / "shared", tmp_path / "shared" / "学籍.xlsx"
    shared.mkdir()
    refreshed, told, slept = [], [], []

    def save(text):
        with zipfile.ZipFile(file, "w") as package:
            package.writestr("a", text)

    def away():
        shared.rename(tmp_path / "away")

    def back():
        (tmp_path / "away").rename(shared)

    def nothing():
        pass

    steps = iter([lambda: save("1"), nothing, lambda: save("22"), nothing, away, nothing, back, nothing, None])

    def sleep(seconds):
        slept.append(seconds)
        step = next(steps)
        if step is None:
            raise KeyboardInterrupt
        step()

    def refresh(paths):
        refreshed.append(paths)
        if len(refreshed) == 1:
            raise UserError("磁盘已满")
        raise FileNotFoundError("gone while the copies were made")

    with pytest.raises(KeyboardInterrupt):
        watching.watch(shared, refresh, told.append, sleep=sleep)
    assert refreshed == [[file], [file]]
    assert told[0] == "这次没有做成：磁盘已满"
    assert "没有做成" in told[1]
    assert [("断开" in line, "又找得到" in line) for line in told[1:]] == [(True, False), (True, False), (False, True)]
    assert slept.count(watching.AFTER_FAULT) == 2
