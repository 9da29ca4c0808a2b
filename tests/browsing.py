"""The machine's own Chromium for tests that look at pages. KONGCHUO_NO_BROWSER=1 skips them, and says so."""

import os
import shutil

import pytest

PATHS = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser():
    if os.environ.get("KONGCHUO_NO_BROWSER") == "1":
        pytest.skip("KONGCHUO_NO_BROWSER=1: pages were not looked at in a browser")
    found = next(filter(None, map(shutil.which, PATHS)), None)
    if not found:
        pytest.fail(
            "no Chromium here: install it (Debian: apt-get install chromium), or set KONGCHUO_NO_BROWSER=1 to skip these tests"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=found, args=QUIET)
        yield opened
        opened.close()
