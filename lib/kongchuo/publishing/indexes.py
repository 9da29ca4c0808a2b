"""Index pages over all that has been made, the table of its figures; the styles and the one script of every page.

Pages need nothing from outside: styles stand inside, and the one script of ours, which a page names by its hash. They print on A4.
"""

import base64
import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd
from markupsafe import Markup

from ..core import places
from ..core.editions import INTERNAL
from ..core.numbers import heights
from ..core.years import Period
from ..excel import saving
from . import archive, execution


@cache
def stylesheet() -> str:
    """The styles of all report pages."""
    return (places.TEMPLATES / "report.css").read_text("utf-8") + (places.TEMPLATES / "site" / "site.css").read_text(
        "utf-8"
    )


@cache
def script() -> str:
    """The one script of report pages: copies, sorts, filters, folds. Pages are whole without it."""
    return "\n".join(map(str.strip, (places.TEMPLATES / "page.js").read_text("utf-8").splitlines()))


@cache
def script_source() -> str:
    """That script and no other, as a Content-Security-Policy says it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script().encode()).digest()).decode()}'"


def scripted(page: str) -> str:
    """A page with that script in the place of what was ours when it was made: the policy of the site lets no other run."""
    before, opening, rest = page.rpartition("<script>")
    _, closing, after = rest.partition("</script>")
    if not (opening and closing):
        return page
    before = re.sub(r"script-src 'sha256-[^']+'", f"script-src {script_source()}", before, count=1)
    return f"{before}{opening}{script()}{closing}{after}"


@cache
def site() -> jinja2.Environment:
    """The templates of index pages, shared with the served pages; autoescape on, an unknown name is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([places.TEMPLATES / "site", places.TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    made.globals |= {
        "css": stylesheet,
        "DONE": archive.DONE,
        "TOWN": places.TOWN,
    }
    made.filters["time"] = lambda text: dt.datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M")
    return made


# What the index shows of a run's summary, where any run has it: key -> heading
FIGURES = {
    "overdue": "逾期",
    "suspected_open": "在册疑似",
    "dropout_open": "在册辍学",
    "red": "红色预警",
    "errors": "数据错误",
    "warnings": "警告",
    "late_reports": "晚报",
    "not_judged": "尚未判定",
    "enrolled": "在读",
    "papers": "材料",
    "score": "得分",
    "grade": "等次",
}
BOARD = (
    "overdue",
    "suspected_open",
    "dropout_open",
    "red",
    "errors",
    "late_reports",
)  # of these the table of the latest month
MONTHS = 6  # of the small bars of attendance


def index(shelf: archive.Shelf, title: str) -> str:
    """The index page of one period: every run with its state, its figures and its page."""
    results = list(shelf.results.values())
    known = [result.shown.get("summary") or {} for result in results]
    figures = {key: heading for key, heading in FIGURES.items() if any(key in summary for summary in known)}
    shown = {"shelf": shelf, "title": title, "results": results, "figures": figures}
    return site().get_template("period.html").render(**shown)


TIDY = "数字.csv"  # beside the pages of a shelf; of several towns, over all of them
COLUMNS = ("期", "单位", "指标", "数", "基数")


def tidy(shelf: archive.Shelf) -> str:
    """The figures of a shelf's runs as one table, a figure a row: period, unit, what is counted, the count and, of a rate, its base.

    Counts only, of runs whose page the gate let out; for whoever goes on working with them, in Excel or elsewhere.
    """
    rows = []
    for result in shelf.results.values():
        held = result.shown.get("summary") or {}
        counts = {
            heading: (held[key], None) for key, heading in FIGURES.items() if isinstance(held.get(key), int | float)
        }
        counts |= {"出勤人次": tuple(held["attendance"])} if held.get("attendance") else {}
        rows += [(shelf.period.key, result.name, heading, *counted) for heading, counted in counts.items()]
    return pd.DataFrame(rows, columns=COLUMNS).convert_dtypes().to_csv(index=False)


def laid(path: Path, table: str) -> list[str]:
    """Write such a table so that Excel reads it; returns what is to be said where that cannot be done, as when Excel has it open."""
    try:
        archive.write_whole(path, table.encode("utf-8-sig"))
    except OSError as error:
        return [f"“{path}”{saving.why(error)}，可能有人正开着，没有换成新的；请关闭后再运行"]
    return []


def tidied(folders: Mapping[str, Path]) -> str:
    """The tables of figures of all shelves of several towns as one, with the town before: by its name the folder of its reports."""
    parts = {name: map(pd.read_csv, sorted(out.glob(f"*/*/{TIDY}"))) for name, out in folders.items()}
    read = [frame.assign(乡镇=name) for name, frames in parts.items() for frame in frames if len(frame)]
    whole = pd.concat(read) if read else pd.DataFrame(columns=COLUMNS)
    return whole.reindex(columns=["乡镇", *COLUMNS]).convert_dtypes().to_csv(index=False)


def overview(
    shelves: Iterable[archive.Shelf],
    schools: Iterable[str] = (),
    live: Callable[[str, archive.Shelf], str] | None = None,
    handbook: Iterable[str] = (),
    notes: Iterable[str] = (),
    *,
    town: bool = True,
    served: bool = False,
    work: Mapping[str, object] | None = None,
    account: Mapping[str, object] | None = None,
    rooms: Sequence[tuple[str, str]] = (),
    name: str = "",
    since: str = "",
) -> str:
    """The page over all runs: the latest month that was made alone, a row a school; then the newest of every other report, and
    the periods before folded, each run with its state and its page and, when served, the live one.

    `schools` are named though they have no run yet; `live` gives the address of a live page from (school, shelf);
    `handbook` are the names of pages to look things up in, `notes` what else is to be said; `town` is whether the whole town's
    page is among them, `account` whose page this is, `rooms` the pages of the classes of a 班主任, `name` that of the town,
    `since` (HTML) what has changed since the latest month was made.
    """
    units = [*([places.TOWN] if town else []), *(named := dict.fromkeys(schools))]
    could = units if live or named else []  # what a batch was not asked for is not lacking from the page it writes
    base = "r/" if live or served else ""
    order = _ordered(shelves)
    months, latest = [shelf for shelf in order if shelf.period.kind == "month"], latest_of(order)
    newest, before = _others(order, latest)
    past = [shelf for shelf in months if latest and shelf.notebook == latest.notebook and shelf.made]
    past = [shelf for shelf in past if shelf.period.order <= latest.period.order][:MONTHS] if latest else []
    shown = {
        "latest": latest,
        "base": base,
        "account": account,
        "name": name,
        "since": Markup(since),
        "rooms": rooms,
        "work": work,
        "unit": (unit := units[0] if town or len(units) == 1 else ""),
        "agenda": _agenda(latest, base, unit) if latest else None,
        "rows": (rows := _rows(latest, could, past[::-1]) if latest else []),
        "office": _office({name: result for name, result, *_ in rows}) if town else {},
        "months": len(past),
        "history": _history(months, latest) if latest else [],
        "board": {key: FIGURES[key] for key in BOARD},
        "newest": [_line(shelf) for shelf in newest],
        "before": before,
        "made": any(shelf.made for shelf in order),
        "live": live,
        "handbook": list(handbook),
        "notes": list(notes),
    }
    return site().get_template("overview.html").render(**shown)


def _others(
    order: Sequence[archive.Shelf], latest: archive.Shelf | None
) -> tuple[list[archive.Shelf], dict[Period, list]]:
    """The newest shelf of every report but that of the latest month, and lines of what is older, by period."""
    newest: dict[str, archive.Shelf] = {}
    for shelf in sorted(order, key=lambda shelf: not shelf.made):  # what was made before what could be
        newest.setdefault(shelf.notebook, shelf)
    if latest:
        same = (shelf for shelf in order if shelf.period.kind == "month" and shelf.period == latest.period)
        newest |= {shelf.notebook: shelf for shelf in same}
        newest.pop(latest.notebook)
    before: dict[Period, list] = {}
    for shelf in order:
        if shelf not in (latest, *newest.values()):
            before.setdefault(shelf.period, []).append(_line(shelf))
    return [*newest.values()], before


def _ordered(shelves: Iterable[archive.Shelf]) -> list[archive.Shelf]:
    order = sorted(shelves, key=lambda shelf: shelf.notebook)
    return sorted(order, key=lambda shelf: (shelf.period.order, shelf.notebook == archive.FIRST), reverse=True)


def latest_of(shelves: Iterable[archive.Shelf]) -> archive.Shelf | None:
    """The month that the page over all runs begins with: the latest whose self-check was made (in summer there are papers alone),
    else any report, else the latest that could be made.
    """
    months = (shelf for shelf in _ordered(shelves) if shelf.period.kind == "month")
    return max(months, key=lambda shelf: (shelf.made, shelf.notebook == archive.FIRST), default=None)


# as pages.today writes it
AGENDA = re.compile(r'<ol class="kc-agenda">.*?</ol>|(?:本期无急办事项|还不能判断有没有要办的事)[^<]*', re.S)
# what follows the lines, where there are more
FOLDED = re.compile(r"\s*<details[^>]*>\s*<summary>(其余 \d+ 项)</summary>")


def _agenda(shelf: archive.Shelf, base: str, unit: str) -> tuple[Markup, str, str, str] | None:
    """What the page of a school or the town says is to be done, word by word as the gate let it out, its links from here; its address;
    as of when; how much more is folded there.
    """
    made = shelf.results.get(unit)
    run = made.shown if made else {}
    file = shelf.path / str(run.get("page") or "none")
    said = AGENDA.search(text := file.read_text("utf-8")) if file.is_file() else None
    folder = f"{base}{shelf.period.key}/{shelf.notebook}/"
    if not said:
        return None
    lines = Markup(said[0].replace('href="', f'href="{folder}'))
    more = FOLDED.match(text, said.end())
    return lines, f"{folder}{quote(file.name)}", (run.get("summary") or {}).get("as_of", ""), more[1] if more else ""


def _line(shelf: archive.Shelf) -> tuple[str, archive.Shelf, dict[str, archive.Result]]:
    return execution.title(places.own(f"notebooks/{shelf.notebook}.ipynb")), shelf, shelf.results


def _rows(shelf: archive.Shelf, units: Iterable[str], months: Sequence[archive.Shelf]) -> list[tuple]:
    """(name, result, bars, what they say) of each run of the latest month, and of each of `units` it could have (no result); the
    bars are the attendance of `months`.
    """
    known = [{name: _attendance(result) for name, result in month.results.items()} for month in months]
    rates = [{name: rate for name, rate in month.items() if rate is not None} for month in known]
    _, bars = heights(rates)
    found = []
    for name, result in (dict.fromkeys(units) | shelf.results).items():
        own = [
            (int(month.period.key[5:]), rate[name]) for month, rate in zip(months, rates, strict=True) if name in rate
        ]
        says = "，".join(f"{month}月{100 * rate:.1f} %" for month, rate in own)
        found.append((name, result, [month.get(name) for month in bars] if own else [], says))
    return found


def _office(runs: Mapping[str, archive.Result | None]) -> dict[str, int]:
    """What of the town's figures no school's row holds, which is the centre's own; nothing where a row is lacking or holds no figure."""
    own = {name: run for name, run in runs.items() if run is None or archive.meant(run.parameters)[1] == INTERNAL}
    known = {name: (run.shown.get("summary") or {}) if run else {} for name, run in own.items()}
    town = known.pop(places.TOWN, {})
    found = {key: town.get(key, 0) - sum(one.get(key) or 0 for one in known.values()) for key in BOARD if town.get(key)}
    whole = all(isinstance(one.get(key), int) for one in known.values() for key in found)
    return {key: left for key, left in found.items() if left > 0} if known and whole else {}


def _history(months: Iterable[archive.Shelf], latest: archive.Shelf) -> list[tuple[archive.Shelf, archive.Result]]:
    """The town's run of each month of the school year of the latest, the first first."""
    own = [one for one in months if (one.notebook, one.period.year) == (latest.notebook, latest.period.year)]
    held = [(one, one.results.get(places.TOWN)) for one in reversed(own)]
    return [(one, run) for one, run in held if run and run.shown]


def _attendance(result: archive.Result) -> float | None:
    present, due = (result.shown.get("summary") or {}).get("attendance") or (0, 0)
    return present / due if due else None
