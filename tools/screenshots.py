"""Every page of a batch as it looks: wide, on a phone and on A4, and a sheet that shows them side by side. `make screenshots`.

python tools/screenshots.py PAGES FOLDER: of the pages under PAGES (a batch's out) those of the town and of the first school.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup, escape

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SIZES = {"宽屏": (1280, 900), "手机": (390, 844)}  # name -> width and height of the window
SHEET = """<!doctype html><meta charset="utf-8"><title>各页样子</title>
<style>body{font:14px sans-serif;margin:16px}figure{display:inline-block;vertical-align:top;margin:8px}
img{max-width:420px;max-height:560px;border:1px solid #999;display:block}</style>
"""


def wanted(pages: Path) -> Iterator[Path]:
    """The index pages, and in each folder of a report the town's page and the first school's."""
    if not (pages / "index.html").is_file():
        sys.exit(f"no pages under {pages}: make demo")
    yield pages / "index.html"
    for folder in sorted(path.parent for path in pages.glob("*/*/manifest.json")):
        made = [path for path in sorted(folder.glob("*.html")) if path.name != "index.html"]
        town = [path for path in made if path.stem.startswith("全镇")]
        yield from (folder / "index.html", *town, *[path for path in made if path not in town][:1])


def take(pages: Path, folder: Path) -> Path:
    """Take the pictures into a folder; returns the sheet that shows them."""
    from playwright.sync_api import sync_playwright

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if not found:
        sys.exit("no Chromium here: make system")
    parts = [Markup(SHEET)]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        for number, path in enumerate(wanted(pages), 1):
            name = f"{number:02d}-{path.parent.name}-{path.stem}"
            print(name, flush=True)
            parts.append(Markup("<h2>{}</h2>").format(path.relative_to(pages)))
            for title, (width, height) in SIZES.items():
                tab = browser.new_page(viewport={"width": width, "height": height})
                tab.goto(path.resolve().as_uri())
                tab.screenshot(path=folder / f"{name}-{title}.png")
                over = tab.evaluate("document.documentElement.scrollWidth") > width
                parts.append(_figure(f"{name}-{title}.png", f"{title}{'　横向滚动！' if over else ''}"))
                if title == "宽屏":
                    tab.pdf(path=folder / f"{name}.pdf", format="A4")
                tab.close()
            subprocess.run(["pdftoppm", "-r", "45", "-png", folder / f"{name}.pdf", folder / f"{name}-A4"], check=True)
            parts += (_figure(one.name, one.stem.rpartition("-")[2]) for one in sorted(folder.glob(f"{name}-A4-*.png")))
        browser.close()
    sheet = folder / "index.html"
    sheet.write_text("".join(parts), "utf-8")
    return sheet


def _figure(name: str, title: str) -> Markup:
    return Markup('<figure><img src="{}"><figcaption>{}</figcaption></figure>').format(quote(name), escape(title))


if __name__ == "__main__":
    print(take(*map(Path, sys.argv[1:3])))
