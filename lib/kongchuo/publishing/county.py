"""One parameter file over the shared folders of several towns: each town's reports in a folder of its own, one index over all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..core.findings import UsageError, UserError
from ..core.places import TOWN
from ..excel import saving
from . import archive, batch, indexes

Tell = Callable[[dict[str, object]], None]


def run(
    file: Path,
    overrides: Mapping[str, str],
    folders: Sequence[Path],
    out: Path,
    *,
    say: Callable[[str], None] = print,
    tell: Tell = lambda event: None,
    **options: object,
) -> batch.Outcome:
    """`batch.run` for each shared folder, into out/<its name>; of one folder, into `out` itself. The Outcome is of all.

    Raises UserError before anything is started where a town cannot do what is asked; what goes wrong with one later stays with it.
    """
    if len(folders) == 1:
        return batch.run(file, overrides, folders[0], out, say=say, tell=tell, **options)
    towns = _named(folders)
    whole = batch.Outcome(out.resolve() / "index.html")
    asked = {name: options[name] for name in ("only", "checks") if name in options}
    for name, folder in [*towns.items()]:
        try:
            shelves = batch.plan(batch.load(file), overrides, folder, out.resolve() / name, **asked)
            whole.total += sum(len(runs) for _, _, runs in shelves.values())
        except batch.NothingFailed:
            del towns[name]
        except UserError as error:
            raise type(error)(f"{name}：{error}") from error
    if not towns:
        raise batch.NothingFailed("没有上次失败的报告，不用重做。")
    if not options.get("dry_run"):
        tell({"event": "begin", **whole.counts})
    for name, folder in towns.items():
        _town(name, whole, say, tell, lambda folder=folder, name=name, **more: batch.run(
            file, overrides, folder, out / name, **options, **more
        ))  # fmt: skip
    if not options.get("dry_run"):
        archive.write_whole(whole.index, index(out))
        figures = indexes.tidied({name: out / name for name in towns})
        whole.lost += indexes.laid(whole.index.with_name(indexes.TIDY), figures)
        tell({"event": "end", **whole.counts, "lost": whole.lost, "index": str(whole.index)})
    return whole


def _town(name: str, whole: batch.Outcome, say: Callable[[str], None], tell: Tell, make: Callable) -> None:
    """The reports of one town, into the outcome of all."""
    before = whole.counts

    def told(event: dict[str, object]) -> None:
        if event["event"] == "run":
            counted = {key: before[key] + event[key] for key in ("made", "unchanged", "failed")}
            left = before["left"] - event["made"] - event["unchanged"] - event["failed"]
            tell(event | counted | {"town": name, "total": whole.total, "left": left})

    try:
        made = make(say=lambda line: say(f"{name} {line}"), tell=told)
    except UserError as error:
        whole.lost.append(f"{name}：{error}")
        say(f"{name} 没有生成：{error}")
    except OSError as error:
        whole.lost.append(f"{name}：“{error.filename or whole.index.parent / name}”{saving.why(error)}")
        say(f"没有生成 {whole.lost[-1]}")
    else:
        whole.results += made.results
        whole.stood += made.stood
        whole.lost += [f"{name}：{text}" for text in made.lost]
        whole.faults += made.faults


def _named(folders: Sequence[Path]) -> dict[str, Path]:
    """Each shared folder by the name of its town. Raises UsageError where two have one name."""
    found: dict[str, Path] = {}
    for folder in folders:
        name = archive.safe_name(folder.resolve().name)
        if name in found:
            raise UsageError(f"有两个共享文件夹都叫“{name}”：“{found[name]}”和“{folder}”，请改成不同的名称")
        found[name] = folder
    return found


def index(out: Path) -> str:
    """The page over the towns of a folder: for each the figures of its latest month, how many reports failed, the way to its own."""
    rows = []
    for home in sorted(path for path in out.iterdir() if path.is_dir()):
        if shelves := archive.shelves(home):
            month = next((one for one in shelves if one.notebook == archive.FIRST), None)
            town = month.results.get(TOWN) if month else None
            known = (town.shown.get("summary") or {}) if town else {}
            failed = sum(one.outcome == archive.FAILED for shelf in shelves for one in shelf.results.values())
            rows.append((home.name, shelves[0].period if month is None else month.period, known, failed))
    return (
        indexes.site()
        .get_template("county.html")
        .render(rows=rows, board={key: indexes.FIGURES[key] for key in indexes.BOARD})
    )
