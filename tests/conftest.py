"""No test reads or writes what this machine's user has remembered; what is dear to make is made once a run."""

from pathlib import Path

import pytest

import townships
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


def pytest_ignore_collect(collection_path, config):
    """What takes hours (tests/hostile) is only run when it is asked for by name."""
    asked = any("hostile" in Path(word.split("::")[0]).parts for word in config.args)
    return True if collection_path.name == "hostile" and collection_path.is_dir() and not asked else None
