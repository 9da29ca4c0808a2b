"""LibreOffice and poppler: a Word or Excel file as an office would print it. `make system` installs both.

KONGCHUO_NO_WRITER=1 skips the tests that need them, and says so.
"""

import os
import re
import subprocess

import pytest

FOOTER = re.compile(r"第 ?\d+ ?页(，共 ?\d+ ?页)?")


def converted(paths, kind, folder):
    """What LibreOffice makes of the files, in their order; the test fails plainly where a part of LibreOffice is missing."""
    if os.environ.get("KONGCHUO_NO_WRITER") == "1":
        pytest.skip("KONGCHUO_NO_WRITER=1: no paper was laid out")
    folder.mkdir(parents=True, exist_ok=True)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    wanted = [folder / f"{path.stem}.{kind.partition(':')[0]}" for path in paths]
    try:
        command = ["soffice", profile, "--headless", "--convert-to", kind, "--outdir", folder, *paths]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    except FileNotFoundError:
        pytest.fail("no LibreOffice here: `make system` installs it, or set KONGCHUO_NO_WRITER=1 to skip these tests")
    missing = [path.name for path in wanted if not path.exists()]
    if missing:
        pytest.fail(f"LibreOffice made none of {missing}: is libreoffice-writer there? `make system` installs it")
    return wanted


def pages(pdf):
    """The text of each page without the page number, and whether all its words lie inside the paper: (text, inside)."""
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True).stdout
    inside = []
    for page in boxes.split("<page ")[1:]:
        width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)"', page)[:2])
        words = re.findall(r'xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)"', page)
        edges = [tuple(map(float, word)) for word in words]
        inside.append(all(x > 20 and right < width - 20 and y > 10 and low < height - 10 for x, y, right, low in edges))
    return list(zip(text.split("\f"), inside, strict=False))
