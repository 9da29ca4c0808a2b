"""No test reads or writes what this machine's user has remembered; what is dear to make is made once a run."""

import gc
import hashlib
import os
import pickle
from pathlib import Path

import pytest

import townships
from kongchuo.commands import opening
from kongchuo.core import places


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory):
    """Every test, and every process one starts, remembers in a folder of the session's own, and shares the example townships."""
    base = Path(tmp_path_factory.getbasetemp())
    shared = base.parent if base.name.startswith("popen-") else base  # xdist: one folder for all its workers
    templates = shared / "townships"
    templates.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.CACHE, str(tmp_path_factory.mktemp("cache")))
        patch.setenv(townships.TEMPLATES, str(templates))
        yield


@pytest.fixture(autouse=True)
def the_folders_of_an_office_end_with_its_test():
    """A command typed in an office takes its folders for the rest of the process: the next test is not in that office."""
    before = {name: os.environ.get(name) for name in (places.WORKBOOKS, places.OUT)}
    yield
    for name, value in before.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


@pytest.fixture
def judged_once(monkeypatch):
    """The same workbooks are judged once for all tests that ask for this, by any worker: what they try comes after."""
    judged = opening.judged

    def kept(shared, year, *more, **reader):
        if reader:  # a workbook that stands open is read another way
            return judged(shared, year, *more, **reader)
        paths = sorted(path for path in shared.glob("20*/**/*") if path.is_file())
        held = [(path.relative_to(shared).as_posix(), hashlib.sha256(path.read_bytes()).digest()) for path in paths]
        key = hashlib.sha256(repr((held, year, more, opening.examine.__qualname__)).encode()).hexdigest()[:32]
        file = Path(os.environ[townships.TEMPLATES]) / f"judged-{key}.pickle"
        if not file.is_file():
            part = file.with_suffix(f".{os.getpid()}")
            part.write_bytes(pickle.dumps(judged(shared, year, *more), protocol=5))
            part.replace(file)
        return pickle.loads(file.read_bytes())

    monkeypatch.setattr(opening, "judged", kept)


def pytest_xdist_auto_num_workers():
    """One worker more than cores: a test often waits for a kernel, a browser or LibreOffice (measured: 60 % of two cores used by two)."""
    return (os.cpu_count() or 1) + 1


# files of minutes, dearest first: begun last, one of them would keep one worker busy while the others have nothing left
LONG = ("batch", "causes", "commands", "kernels", "cluster", "year_report", "rules", "calc", "township", "odd_townships",
        "every_measure", "gate_towns", "serve", "returning", "as_of", "papers_laid_out", "hostiles", "papers", "demo", "excel",
        "pages_add_up", "second_school", "recipes", "class_points", "remembering", "whole_year", "term_report", "engine",
        "newyear", "public", "faults", "accounts")  # fmt: skip


def pytest_collection_modifyitems(items):
    """Long files first, then as they come (xdist itself would begin with those of most tests: --no-loadscope-reorder)."""
    place = {f"test_{name}": at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


def pytest_collection_finish():
    """What is imported and collected stays: looking over all of it again and again took up to a quarter of a test's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_ignore_collect(collection_path, config):
    """What takes hours (tests/hostile) is only run when it is asked for by name."""
    asked = any("hostile" in Path(word.split("::")[0]).parts for word in config.args)
    return True if collection_path.name == "hostile" and collection_path.is_dir() and not asked else None
