"""Where things lie: the package, its templates, what it ships, an office's own folder; and the few names that processes share."""

import datetime as dt
import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
TEMPLATES = PACKAGE / "templates"
SHIPPED = PACKAGE / "shipped"  # in a wheel: what lies at the top of the repository (setup.py)
PROJECT = SHIPPED if SHIPPED.is_dir() else PACKAGE.parents[1]
NOTEBOOKS = PROJECT / "notebooks"
PARAMETERS = PROJECT / "parameters"
HANDBOOK = PROJECT / "handbook"
POLICY = PARAMETERS / "policy.yaml"

MARK = "kongchuo.yaml"  # what makes a folder an office's own (commands.office)

# environment variables
HOME = "KONGCHUO_HOME"  # the office's own folder; by default the nearest with a kongchuo.yaml, from the working folder upwards
WORKBOOKS = "KONGCHUO_WORKBOOKS"  # the shared folder
OUT = "KONGCHUO_OUT"  # where runs go
CACHE = (
    "KONGCHUO_CACHE"  # where the last judgement and parsed workbooks are kept; by default the user's own cache folder
)
SCRATCH = "KONGCHUO_SCRATCH"  # set by a batch for its runs: a folder that only this batch can see
FORKED = "KONGCHUO_FORKED"  # set where the runs of a batch are forks of one process, which need not leave one another what they read
KEPT = "KONGCHUO_KEPT"  # set by the site for live kernels: where pages lie that were made before anybody asked (pages.live)
SENT = "KONGCHUO_SENT"  # and that the page has its sections from there already
ASK = "KONGCHUO_ASK"  # set by the site for the live kernel of a school: where it asks for its pages, and its ticket (pages.live)
FILES = "KONGCHUO_FILES"  # set by a batch for each run: where it may leave papers and tables beside its page
PAPERS = "papers"  # under out: what `kongchuo papers` prints, papers/<month>/<school>/
RETURNS, RECORDS = "returns", "记录"  # under out; the records are also left in the scratch folder of a batch
NAMES = "names-*.json"  # in that folder: the names that no public page may hold, for the gate
DAY = "day"  # in that folder: the day that is today for all reports of the batch, over midnight too
EARLIER = "earlier.json"  # in that folder: an older copy of the shared folder, and the day it was taken
MADE = "made.json"  # in that folder: paths under out of the pages and papers made for the school year

CONTENT = "content"  # in that summary: a hash of all that the run leaves (pages.report)
SUMMARY = "application/vnd.kongchuo+json"  # mimetype of the summary that a report's footer carries, its sentinel
# what may stand where a school is asked for: the town's own page or paper; where several are made, ALL means each school's as well
TOWN, ALL = "全镇", "all"

# what in a workbook is the program's and not the clerk's: a worksheet, and the last column of each other one
RESULTS, HINT = "校验结果", "校验提示"
GUIDE, LISTS = "填表说明", "字典"  # worksheets of a template beside those people fill in; the second is hidden
STARTERS = ("校验.bat", "校验.command")  # may lie among the workbooks: a double-click checks them


def office() -> Path | None:
    """The office's own folder; None where there is none."""
    if named := os.environ.get(HOME):
        return Path(named)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / MARK).is_file()), None)


def own(name: str) -> Path:
    """A file by its path in an office, "parameters/monthly.yaml": the office's own where it has one, else the package's."""
    home = office()
    return home / name if home and (home / name).exists() else PROJECT / name


def cache() -> Path:
    """This user's own folder for what is remembered, and for the logs of faults; KONGCHUO_CACHE names another."""
    import platformdirs

    return Path(os.environ.get(CACHE) or platformdirs.user_cache_path("kongchuo", appauthor=False))


def typed(path: Path | str) -> str:
    """A path as one types it in a command: in quotes where it holds a space."""
    return f'"{path}"' if " " in str(path) else str(path)


def today(scratch: Path | None = None) -> dt.date:
    """Today; for all reports of a batch (by its `scratch` folder, in a run its own) the day on which it began, over midnight too."""
    told = (scratch or Path(os.environ.get(SCRATCH, os.devnull))) / DAY
    return dt.date.fromisoformat(told.read_text("utf-8")) if told.is_file() else dt.date.today()


def kept(folder: Path, *told: str) -> Path:
    """The file for whatever these words tell of, in a folder of things kept."""
    import hashlib  # OpenSSL, which not every command needs

    return folder / hashlib.sha256("|".join(told).encode()).hexdigest()[:20]
