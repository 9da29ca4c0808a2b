"""How quickly the site answers, beside plain Voila in the same run: an archived page, a live page, twenty visitors at once.

python tests/bench/bench_site.py — a township of 13 schools, a month of reports, a browser; prints one table and fails where a promise
is broken. Seconds are of this machine at this moment, so that what is promised in seconds holds on a quiet one; ratios hold anywhere.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import sync_playwright

from browsing import PATHS, QUIET
from kongchuo.core import places
from kongchuo.core.places import WORKBOOKS
from kongchuo.site import forking
from kongchuo_township import making
from serving import free_port, serving

NOTEBOOK, MONTH, OTHER = "monthly_self_check", "2023-10", "2023-11"
VISITORS = 20
PROMISED = {  # what is measured -> at most
    "archived: first content, s": 0.3,
    "archived: requests": 1,
    "live: first content, s": 0.5,
    "live: drop-downs usable, of plain Voila's": 1 / 6,
    "live: CPU of server and kernel, s": 1.5,
    "live: another school, s": 0.5,
    "live: another month, s": 1,
    "20 visitors: GiB beyond the server": 1,
    "kernels 75 s after the last has gone": 0,
}
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000"


def spent(processes):
    """CPU seconds of processes, by number."""
    return {one.pid: sum(one.cpu_times()[:2]) for one in processes}


def between(before, after):
    return sum(seconds - before.get(pid, 0) for pid, seconds in after.items())


def family(site):
    """The server and its kernels, without the process that these are forks of, and those that make pages for others at leisure."""
    below = site.children(recursive=True)
    parents = {one.pid for one in site.children() if forking.MODULE in one.cmdline()}
    return [site, *(one for one in below if one.pid not in parents and one.nice() < forking.LOWEST)]


@contextmanager
def plain(folder, shared):
    """Voila itself on the same notebooks, as installed."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "voila",
        str(places.NOTEBOOKS / f"{NOTEBOOK}.ipynb"),
        "--no-browser",
        f"--port={port}",
    ]
    with (folder / "plain.log").open("w") as log:
        process = subprocess.Popen(command, env=os.environ | {WORKBOOKS: str(shared)}, stdout=log, stderr=log)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)):
            assert process.poll() is None, (folder / "plain.log").read_text("utf-8")
            time.sleep(0.2)
        yield f"http://localhost:{port}/", psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def opened(browser, address, process, *selectors):
    """(page, seconds to the first content, seconds until each of the selectors is there, CPU seconds of the processes meanwhile)."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.set_default_timeout(300_000)
    before, began = spent(family(process)), time.monotonic()
    page.goto(address, wait_until="commit")
    usable = []
    for selector in selectors:
        page.wait_for_selector(selector)
        usable.append(time.monotonic() - began)
    cost = between(before, spent(family(process)))
    return page, page.evaluate(PAINTED), usable, cost


def made(site, school, month):
    """Wait until the pages of these have been made beforehand."""
    scratch = Path(tempfile.gettempdir())
    told = f"school={quote(school)}&month={month}"
    while not any(
        places.kept(path, "pages.monthly", "内部版", told).is_file()
        for path in scratch.glob(f"kongchuo-{site.pid}-*/kept-*")
    ):
        time.sleep(1)


def main():
    """Make the township and its reports, measure, print."""
    found = {}
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        shared, out = folder / "shared", folder / "runs"
        making.make(shared, 13, 1040, 2, whole_year=True)
        schools = sorted(path.name for path in (shared / "2023-2024").iterdir() if path.name.startswith("示例第"))
        file = folder / "parameters" / "month.yaml"
        file.parent.mkdir()
        file.write_text(f'notebook: {NOTEBOOK}\nfor:\n  month: "{MONTH}"\n  school: 全镇\n  edition: 内部版\n', "utf-8")
        run = [sys.executable, "-m", "kongchuo", "run", str(file), "--workbooks", str(shared), "--out", str(out)]
        subprocess.run(run, check=False, stdout=subprocess.DEVNULL)
        play = sync_playwright().start()
        browser = play.chromium.launch(executable_path=next(filter(Path.exists, map(Path, PATHS))), args=QUIET)
        with plain(folder, shared) as (address, process):
            page, _, (slow,), cost = opened(
                browser, f"{address}?school=all&month={MONTH}", process, ".widget-dropdown select"
            )
            print(f"plain Voila: usable after {slow:.1f} s, CPU {cost:.1f} s")
            page.close()
        with serving(folder, shared, out, places.NOTEBOOKS) as site:
            made(site.process, "all", MONTH)
            made(site.process, schools[-1], MONTH)
            asked = []
            page = browser.new_page()
            page.on("request", lambda request: asked.append(request.url))
            page.goto(f"{site.origin}/r/{MONTH}/{NOTEBOOK}/{quote('全镇')}.html")
            found["archived: first content, s"] = page.evaluate(PAINTED)
            found["archived: requests"] = len(asked)
            page.close()

            live = f"{site.origin}/live/{NOTEBOOK}?school=all&month={MONTH}"
            page, first, (early, usable), cost = opened(
                browser, live, site.process, "#ahead select", ".kc-controls select"
            )
            found["live: first content, s"] = first
            found["live: drop-downs usable, of plain Voila's"] = early / slow
            print(
                f"live: 年级, 班级 and 重点群体, which need the kernel, after {usable:.1f} s, {usable / slow:.2f} of plain Voila's"
            )
            found["live: CPU of server and kernel, s"] = cost
            page.wait_for_timeout(3000)
            made(site.process, schools[0], OTHER)
            for what, place, value, seen in (
                ("another school", 0, schools[0], f"h1:has-text('{schools[0]}')"),
                ("another month", 1, OTHER, "h1:has-text('11月')"),
            ):
                began = time.monotonic()
                page.select_option(f".kc-controls select >> nth={place}", label=value)
                page.wait_for_selector(seen)
                found[f"live: {what}, s"] = time.monotonic() - began
            page.close()
            browser.close()
            play.stop()

            time.sleep(5)
            with ThreadPoolExecutor(VISITORS) as pool:
                answers = [
                    *pool.map(lambda _: site.get(f"/live/{NOTEBOOK}?school=all&month={MONTH}")[0], range(VISITORS))
                ]
            assert answers == [200] * VISITORS, answers
            memory = sum(one.memory_full_info().pss for one in site.process.children(recursive=True))
            found["20 visitors: GiB beyond the server"] = memory / (1 << 30)
            time.sleep(75)
            kernels = [
                fork for one in site.process.children() if forking.MODULE in one.cmdline() for fork in one.children()
            ]
            found["kernels 75 s after the last has gone"] = len([one for one in kernels if one.nice() < forking.LOWEST])
    print(f"{'':40}{'found':>9}{'promised':>10}")
    for what, most in PROMISED.items():
        print(f"{what:40}{found[what]:9.2f}{most:10.2f}")
    sys.exit(any(found[what] > most for what, most in PROMISED.items()))


if __name__ == "__main__":
    main()
