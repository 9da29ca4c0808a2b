"""Example townships as files, each made once a test run and copied for whoever asks again, by any of the workers."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from kongchuo.excel import reading
from kongchuo_township import making

TEMPLATES = "KONGCHUO_TEST_TOWNSHIPS"  # the folder of this test run that all its workers share; conftest.py sets it


def make(folder, schools, pupils, seed=1, **options):
    """`making.make`, copied from a template: the same folder, the same planted faults; returns what was planted."""
    told = "-".join(map(str, (schools, pupils, seed, *sorted(name for name, on in options.items() if on))))
    template = Path(os.environ[TEMPLATES]) / told
    if not template.is_dir():
        with tempfile.TemporaryDirectory(dir=template.parent) as own:
            making.make(Path(own) / told, schools, pupils, seed, **options)
            try:
                os.rename(Path(own) / told, template)
            except OSError:  # the other worker was first
                assert template.is_dir()
    shutil.copytree(template, folder, dirs_exist_ok=True)
    planted = Path(folder) / making.PLANTED
    return json.loads(planted.read_text("utf-8")) if planted.is_file() else []


@pytest.fixture(name="shared", scope="session")
def to_compare(tmp_path_factory):
    """A shared folder that is only read, for lists to be compared with: once a worker."""
    folder = tmp_path_factory.mktemp("shared")
    make(folder, 2, 60)
    return folder


@pytest.fixture(name="pupils", scope="session")
def known(shared):
    """Of its pupils those at school whose name nobody else bears and whose number is known, as dicts."""
    roster = reading.read_year(shared, "2023-2024")["roster"]
    found = roster[(roster["status"] == "在读") & roster["id_no"].notna() & ~roster["name"].duplicated(keep=False)]
    return found.to_dict("records")
