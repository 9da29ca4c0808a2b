"""Whatever happens while a marked workbook is written, the file under its name is whole: the old one or the new one."""

import errno
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kongchuo.excel import saving
from kongchuo.excel.folders import lock_names
from kongchuo.excel.parts import Refused

OLD, NEW = b"PK old" * 5000, b"PK new" * 6000
HASH = hashlib.sha256(OLD).hexdigest()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shared" / "学籍.xlsx"
    path.parent.mkdir()
    path.write_bytes(OLD)
    return path


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "out" / "原件"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(saving, "PATIENCE", (0, 0))


def said(refused):
    """What a clerk reads: one line, Chinese, without the machine's own words."""
    text = str(refused.value)
    assert "\n" not in text
    assert re.search(r"[一-鿿]", text)
    assert not re.search(r"Errno|Error|Traceback", text)
    return text


def test_in_place_keeps_the_old_file_as_it_was(file, kept):
    saving.write_in_place(file, NEW, HASH, kept)
    assert file.read_bytes() == NEW
    (snapshot,) = kept.iterdir()
    assert snapshot.read_bytes() == OLD
    assert [path.name for path in file.parent.iterdir()] == ["学籍.xlsx"]


def test_what_is_the_same_is_not_written(file, kept):
    before = file.stat()
    saving.write_in_place(file, OLD, HASH, kept)
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert not kept.exists()


def test_who_may_read_it_still_may(file, kept):
    file.chmod(0o664)
    saving.write_in_place(file, NEW, HASH, kept)
    assert stat.S_IMODE(file.stat().st_mode) == 0o664


def test_who_may_read_the_workbook_may_read_its_copy(file, tmp_path):
    file.chmod(0o664)
    saving.write_copy(tmp_path / "out" / "甲校" / "a.xlsx", NEW, like=file)
    assert stat.S_IMODE((tmp_path / "out" / "甲校" / "a.xlsx").stat().st_mode) == 0o664


@pytest.mark.parametrize("lock", lock_names("学籍"))
def test_not_while_somebody_has_it_open(file, kept, lock):
    file.with_name(lock).touch()
    with pytest.raises(Refused, match="正打开着") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    assert lock in said(refused)
    assert file.read_bytes() == OLD


def test_a_copy_somebody_has_open_is_left(file, tmp_path):
    copy = tmp_path / "a.xlsx"
    copy.write_bytes(OLD)
    (tmp_path / "~$a.xlsx").touch()
    with pytest.raises(Refused, match="正打开着"):
        saving.write_copy(copy, NEW)
    assert copy.read_bytes() == OLD


def test_not_when_it_was_saved_after_the_check(file, kept):
    file.write_bytes(OLD + b" ")
    with pytest.raises(Refused, match="再运行一次") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    assert said(refused)
    assert file.read_bytes() == OLD + b" "


def test_not_when_it_is_saved_while_we_write(file, kept, monkeypatch):
    fsync = os.fsync

    def somebody_saves(handle):
        fsync(handle)
        if kept.exists() and any(kept.iterdir()):
            file.write_bytes(b"theirs")

    monkeypatch.setattr(os, "fsync", somebody_saves)
    with pytest.raises(Refused, match="刚刚保存过"):
        saving.write_in_place(file, NEW, HASH, kept)
    assert file.read_bytes() == b"theirs"
    assert [path.name for path in file.parent.iterdir()] == ["学籍.xlsx"]


def test_not_when_it_cannot_be_opened_for_writing(file, kept, monkeypatch):
    """As over a network while Excel holds it; tests may run as root, who may write anything."""
    opened = Path.open

    def refuse(self, mode="r", *more, **named):
        if "+" in mode:
            raise PermissionError(errno.EACCES, "denied")
        return opened(self, mode, *more, **named)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(Refused, match="没有写入权限") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    assert said(refused)
    assert file.read_bytes() == OLD


def test_a_file_that_is_gone(file, kept):
    file.unlink()
    with pytest.raises(Refused, match="不在了") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    assert said(refused)
    assert not file.exists()


def test_a_share_that_goes_away_in_the_middle(file, kept, monkeypatch):
    replace, calls = os.replace, []

    def unplug(source, target):
        calls.append(target)
        if len(calls) == 2:  # the first is the snapshot
            file.parent.rename(file.parent.with_name("gone"))
        replace(source, target)

    monkeypatch.setattr(os, "replace", unplug)
    with pytest.raises(Refused, match="共享断开") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    assert said(refused)
    assert (file.parent.with_name("gone") / file.name).read_bytes() == OLD


def test_no_snapshot_no_writing(file, kept):
    kept.parent.mkdir()
    kept.write_text("a file where the folder should be")
    with pytest.raises(Refused, match="写不进") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    assert said(refused)
    assert file.read_bytes() == OLD


def test_a_link_is_not_followed(file, kept, tmp_path):
    link = tmp_path / "链接.xlsx"
    link.symlink_to(file)
    with pytest.raises(Refused, match="链接"):
        saving.write_in_place(link, NEW, HASH, kept)
    assert link.is_symlink()
    assert file.read_bytes() == OLD


def test_nor_a_folder_that_is_a_link(file, kept, tmp_path):
    link = tmp_path / "甲校"
    link.symlink_to(file.parent, target_is_directory=True)
    with pytest.raises(Refused, match="链接"):
        saving.write_in_place(link / file.name, NEW, HASH, kept)
    assert file.read_bytes() == OLD


def test_a_copy_over_a_link_takes_the_place_of_the_link(file, tmp_path):
    link = tmp_path / "a.xlsx"
    link.symlink_to(file)
    saving.write_copy(link, NEW)
    assert not link.is_symlink()
    assert file.read_bytes() == OLD


def test_what_does_not_read_back_is_said(file, kept, monkeypatch):
    replace = os.replace

    def lose(source, target):
        replace(source, target)
        if Path(target) == file:
            file.write_bytes(NEW[:100])

    monkeypatch.setattr(os, "replace", lose)
    with pytest.raises(Refused, match="读回来不一样") as refused:
        saving.write_in_place(file, NEW, HASH, kept)
    (snapshot,) = kept.iterdir()
    assert str(snapshot) in said(refused)
    assert snapshot.read_bytes() == OLD


def test_a_scanner_that_holds_the_file_for_an_instant(file, kept, monkeypatch):
    replace, calls = os.replace, []

    def held(source, target):
        calls.append(target)
        if len(calls) == 2:
            raise PermissionError(errno.EACCES, "sharing violation")
        replace(source, target)

    monkeypatch.setattr(os, "replace", held)
    saving.write_in_place(file, NEW, HASH, kept)
    assert file.read_bytes() == NEW


def test_reading_waits_as_well(file, monkeypatch):
    tries = iter((PermissionError(), None))

    def read():
        if error := next(tries):
            raise error
        return b"whole"

    assert saving.patiently(read) == b"whole"


def test_a_private_folder_by_mode_and_by_the_list_of_windows(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(saving.subprocess, "run", lambda words, **_: asked.append(words))
    saving.private(tmp_path)
    saving.private(tmp_path, windows=True)
    assert os.name == "nt" or stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    assert asked[-1][:3] == ["icacls", str(tmp_path), "/inheritance:r"]


# what the saving asks of the system, by where it is looked up
CALLS = [
    (os, "open"), (os, "replace"), (os, "fsync"), (os, "fdopen"), (os, "close"), (tempfile, "mkstemp"), (shutil, "copymode"),
    (Path, "read_bytes"), (Path, "open"), (Path, "mkdir"), (Path, "unlink"), (Path, "exists"),
]  # fmt: skip


class Faulty:
    """A system whose call number `at` fails, counting from 1; a write that fails has written half."""

    def __init__(self, monkeypatch, at, code):
        self.at, self.code, self.count = at, code, 0
        for owner, name in CALLS:
            monkeypatch.setattr(owner, name, self.wrap(getattr(owner, name), name))

    def step(self):
        self.count += 1
        if self.count == self.at:
            raise OSError(self.code, os.strerror(self.code))

    def wrap(self, call, name):
        def wrapped(*given, **named):
            self.step()
            result = call(*given, **named)
            return self.stream(result) if name == "fdopen" else result

        return wrapped

    def stream(self, opened):
        faulty = self

        class Stream:
            def write(self, data):
                opened.write(data[: len(data) // 2])
                opened.flush()
                faulty.step()
                opened.write(data[len(data) // 2 :])

            def flush(self):
                faulty.step()
                opened.flush()

            def fileno(self):
                return opened.fileno()

            def __enter__(self):
                return self

            def __exit__(self, *_):
                opened.close()

        return Stream()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.ENOENT, errno.EROFS])
def test_a_fault_at_every_call_leaves_the_old_file_or_the_new(tmp_path, code):
    """As when the disk is full, the share is gone or the folder read-only: at each call in turn, until none is left."""
    at = 0
    while True:
        at += 1
        folder = tmp_path / f"{at}"
        folder.mkdir()
        file, kept = folder / "学籍.xlsx", tmp_path / f"kept {at}"
        file.write_bytes(OLD)
        with pytest.MonkeyPatch.context() as patch:
            faulty, refused = Faulty(patch, at, code), None
            try:
                saving.write_in_place(file, NEW, HASH, kept)
            except Refused as error:
                refused = str(error)
        now = file.read_bytes()
        assert now in (OLD, NEW), at
        assert now == NEW or refused, "success is said only when it is so"
        assert now == OLD or all(path.read_bytes() == OLD for path in kept.glob("学籍*")), at
        assert now == OLD or any(kept.glob("学籍*")), "never without the file of before"
        if refused:
            assert re.search(r"[一-鿿]", refused), at
            assert "Errno" not in refused
            assert "没有改动" not in refused or now == OLD, at
        if faulty.count < at:
            break
    assert at > 20, "the faults reached the calls"


def test_what_a_killed_run_left_is_removed_and_what_is_being_written_stays(tmp_path):
    """A half written file of ours is a copy of pupils' data; another program's file is not ours to remove."""
    folder = tmp_path / "甲"
    folder.mkdir()
    left, other, lock = folder / ".~abcd_123.tmp", folder / ".~甲乙丙丁.tmp", folder / ".~学籍.xlsx"
    for path in (left, other, lock):
        path.write_bytes(b"x")
    script = f"""
import os, sys, time
from pathlib import Path
from kongchuo.excel import saving
def fsync(handle):
    print("writing", flush=True)
    time.sleep(600)
saving.os.fsync = fsync
saving.write_copy(Path({str(folder)!r}) / "帮扶.xlsx", b"data")
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writing:
        writing.stdout.readline()
        saving.sweep(tmp_path)
        there = {path.name for path in folder.iterdir()}
        writing.kill()
    saving.sweep(tmp_path)

    assert left.name not in there
    assert len(there) == 3
    assert {path.name for path in folder.iterdir()} == {other.name, lock.name}
