"""The command line: parse, call one library function, exit code. Holds no logic of its own.

Exit codes: 0 clean, 1 errors found, 2 wrong usage, 3 something cannot be read or found, 4 a run of a batch failed, a paper may
not leave, or a rule of ours broke. What ends a command before its time, see console.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import console, options
from .console import CLEAN, ERRORS, FAILED as RUN_FAILED, UNREADABLE, USAGE, say
from .core import findings, places

if TYPE_CHECKING:
    from .publishing.batch import Outcome

__all__ = ["CLEAN", "ERRORS", "RUN_FAILED", "UNREADABLE", "USAGE", "main", "parser"]


def check(args: argparse.Namespace) -> int:
    """Print the findings of workbooks and of the rules over them."""
    from .commands import opening
    from .publishing import archive
    from .rules import judging, questions, waivers

    snapshots = archive.snapshots(args.out) if args.out else []
    opened = opening.check(args.paths, args.as_of, remembered=not args.fresh, snapshots=snapshots)
    if args.json:
        print(json.dumps(opened.as_json(), ensure_ascii=False, indent=1))
    else:
        print(findings.report(opened.findings, f"{opened.year} 学年，数据截至 {opened.as_of}"))
        if opened.waived:
            print(waivers.report(opened.waived, all_of_them=args.waived))
        if opened.not_judged:
            lacking = judging.places(opened.not_judged)
            print(f"尚未判定：{len(lacking)} 处（缺工作簿、表、列，或当时的内容已看不到；加 -v 看每一处）")
            for (home, reason), rules in lacking.items() if args.verbose else ():
                print(f"  {home}：{reason}（{'、'.join(rules)}）")
        if opened.questions:
            print(questions.report(opened.questions))
    if opened.late:
        console.say_error(f"{opened.late}。")
    errors = any(one.severity == findings.ERROR for one in opened.findings)  # those that follow from another among them
    return _code(opened.judgement.broken, opened.unreadable, errors)


def due(args: argparse.Namespace) -> int:
    """Print what is overdue and what falls due, school by school."""
    from .commands import opening

    found = opening.due(args.paths, args.within, args.as_of)
    if args.json:
        print(found.rows.to_json(orient="records", date_format="iso", force_ascii=False, indent=1))
        if found.left_out:
            console.say_error(f"{found.left_out}。")
    else:
        print("\n".join(found.told(args.within)))
    return _code(found.broken, _unread(found.unread), (found.rows["days"] < 0).any())


def mark(args: argparse.Namespace) -> int:
    """Show the findings in the workbooks themselves, or in marked copies."""
    from .commands import returning

    broken: list[str] = []
    done = returning.mark(
        args.paths, args.out, in_place=args.in_place, clear=args.clear, as_of=args.as_of, say=say, warn=broken.append
    )
    if any(args.out.glob("*/*/manifest.json")):  # pages: their findings lead to the copies
        from .publishing import linking

        linking.reach(args.out)
    shown, refused = sum(one.count for one in done), [one for one in done if one.refused]
    print(f"{len(done) - len(refused)} 个工作簿，问题 {shown} 条{f'；{len(refused)} 个没有标记' if refused else ''}。")
    return _code(broken, refused, shown)


def repair(args: argparse.Namespace) -> int:
    """Put back, in copies, what pasting has taken out of workbooks: drop-downs, formats, what shows findings."""
    from .commands import repairing

    told = repairing.repair(args.paths, args.out, say)
    if any(one.refused for one in told):
        return UNREADABLE
    return ERRORS if any(one.path for one in told) else CLEAN


def migrate(args: argparse.Namespace) -> int:
    """Bring workbooks of an older template into the present one, as copies or in their place."""
    from .commands import repairing

    told = repairing.migrate(args.paths, args.out, args.in_place, say)
    if any(one.refused for one in told):
        return UNREADABLE
    return ERRORS if any(one.path and one.path.is_relative_to(args.out) for one in told) else CLEAN


def live(args: argparse.Namespace) -> int:
    """Show the findings in the workbook that stands open in Excel, take them out again, or open its school's report."""
    from .commands import live as open_workbook
    from .excel import live as open_excel
    from .publishing import archive

    book = open_excel.attach(args.book)
    if args.action == "report":
        print(archive.open_newest(args.out, open_workbook.located(book)[2].split("/")[1]))
    else:
        print(open_workbook.mark(book, clear=args.action == "clear", as_of=args.as_of))
    return CLEAN


def starters(args: argparse.Namespace) -> int:
    """Write what is started by a double-click, and on Windows the macros for Excel."""
    from .commands import starting

    for path in starting.write(args.folder, args.out):
        print(f"已生成：{path}")
    if sys.platform == "win32":
        print(f"已生成：{starting.macros(args.folder, args.out)}")
    return CLEAN


def watch(args: argparse.Namespace) -> int:
    """Make the returns anew for what is saved in the shared folder, until Ctrl-C."""
    from .commands import returning, watching

    if not args.folder.is_dir():
        raise findings.UserError(f"找不到共享文件夹“{args.folder}”，请检查路径")
    say(f"正在看着“{args.folder}”：有人保存，就检查他保存的工作簿，标好的副本放在 {args.out}。按 Ctrl-C 结束")
    try:
        watching.watch(args.folder, lambda paths: returning.refresh(paths, args.out, say), say)
    except KeyboardInterrupt:
        print("已结束。")
    return CLEAN


def reconcile(args: argparse.Namespace) -> int:
    """Compare a list from above with the township's children, or the township's own lists with each other."""
    from .commands import reconcile as comparing

    if args.out:
        comparing.check_target(args.out)
    compared = comparing.compare(args.workbooks, args.file, args.as_of)
    if args.json:
        print(json.dumps(comparing.records(compared), ensure_ascii=False, indent=1))
        for line in comparing.said_of_list(compared):
            print(line, file=sys.stderr)
    else:
        print("\n".join(comparing.told(compared)).lstrip())
    if args.out:
        comparing.write(compared, args.out)
        print(f"\n全部结果：{args.out}", file=sys.stderr if args.json else sys.stdout)
    return _code((), _unread(compared.unread), compared.open or compared.aside)


def build(args: argparse.Namespace) -> int:
    """Make templates and the plan's own workbooks again, put back Word templates, or say which files are stale."""
    from .commands import building

    home = places.office() or places.PROJECT
    stale = building.build(
        home, check=args.check, forms=home == places.PROJECT, left=lambda name: print(f"由办公室改过，未重做：{name}")
    )
    for name in stale:
        print(f"已过期，请运行 kongchuo build：{name}" if args.check else f"已生成：{name}")
    return ERRORS if args.check and stale else CLEAN


def rules(args: argparse.Namespace) -> int:
    """List every code with its meaning, or tell all there is to say of some."""
    from .core import policy, schema
    from .rules import catalogue

    found = catalogue.chosen(args.codes)
    if args.json:
        print(json.dumps([entry.as_json() for entry in found], ensure_ascii=False, indent=1))
    elif args.codes:
        held = policy.current(dt.date.today())
        print("\n\n".join(catalogue.told(entry, schema.default(), held) for entry in found))
    else:
        print(catalogue.listed(found))
    return CLEAN


def example(args: argparse.Namespace) -> int:
    """Make an example township of invented pupils."""
    make = _beside("example")
    made = make(args.folder, args.schools, args.pupils, args.seed, faults=args.faults, whole_year=args.whole_year)
    print(made.summary)
    return CLEAN


def run(args: argparse.Namespace) -> int:
    """Run a parameter file: one notebook for each school and month."""
    from .core import editions
    from .papers import printing
    from .publishing import county

    overrides = dict(item.partition("=")[::2] for item in args.overrides)
    with console.progress() as show:

        def tell(event: dict[str, object]) -> None:
            show(event)
            if args.json:
                say(json.dumps(event, ensure_ascii=False))

        outcome = county.run(
            args.file,
            overrides,
            args.workbooks or [options.SHARED_FOLDER()],
            args.out,
            only=args.only,
            dry_run=args.dry_run,
            say=console.say_error if args.json else say,
            tell=tell,
            checks={"edition": editions.known, "kinds": printing.asked},
            with_engine=args.engine,
            scheduler=args.scheduler,
            force=args.force,
        )
    if outcome.results and not args.json:
        say(f"打开看：{outcome.index}")
    return _outcome(outcome)


def init(args: argparse.Namespace) -> int:
    """Make an office's own folder."""
    from .commands import office, starting
    from .facts import calendar

    made = list(office.init(args.folder, args.town, args.schools, args.year))
    books = [path for path in made if path.suffix == ".xlsx"]
    shared = args.folder / "workbooks" / args.town
    starting.write(shared, args.folder / "runs")
    starting.write(args.folder, args.folder / "runs")
    say(f"已建好“{args.folder}”：{len(books)} 个空白工作簿，在 {shared / args.year}，各校一个文件夹。")
    say(f"1. 填 {shared / args.year / '中心学校' / '基础信息.xlsx'}：学校、班级、教职工、行政村、学年学期、教学日历。")
    say(f"   {calendar.DECIDED}；没有写的日子，周一到周五上课。")
    say(f"2. 把 {shared} 放到各校都能打开的共享盘，各校填自己文件夹里的工作簿。")
    say(f"3. 双击 {args.folder} 里的“校验”，或者在那里运行 kongchuo check")
    say("4. 月底双击“生成本月报告”（kongchuo run monthly month=…），再双击“打开网页”（kongchuo serve --browser）。")
    for extra, what in (("report", "生成报告"), ("live", "打开网页")):
        if how := console.lacks(extra):
            say(f"   “{what}”还要另外安装：{how}")
    return CLEAN


def copy(args: argparse.Namespace) -> int:
    """Copy what the package brings into the office, to be changed there; a name that cannot be copied keeps no other from it."""
    from .commands import office

    home, code = _office(), CLEAN
    for name in args.names:
        try:
            for path in office.copy(name, home):
                say(f"已复制：{path}")
        except findings.UserError as error:
            console.say_error(f"没有复制：{error}")
            code = max(code, USAGE if isinstance(error, findings.UsageError) else UNREADABLE)
    return code


def upgrade(args: argparse.Namespace) -> int:
    """Bring the office to this program's version, and say what that brings."""
    from .commands import office

    for line in office.upgrade(_office()):
        say(line)
    return CLEAN


def import_(args: argparse.Namespace) -> int:
    """Propose how a school's own roster becomes ours; once a person has read that, make the workbook."""
    from .commands import importing, mapping

    args.into = importing.folder(args.into, args.workbooks)
    if enrolled := importing.enrolled(args.into):
        return _changed(args, enrolled)
    if mapping.known(args.into, args.out):
        lines = importing.told(importing.take(args.file, args.into, args.out, args.number))
    else:
        path, said = mapping.propose(args.file, args.into, args.out)
        lines = (*said, f"对照表：{path}。请打开看一遍、改好、保存、关闭，再运行同一条命令。")
    for line in lines:
        say(line)
    return CLEAN


def _changed(args: argparse.Namespace, enrolled: int) -> int:
    """What has changed between a school's roster and a list of its own, as reconcile says it; nothing is taken over."""
    from .commands import reconcile as comparing

    compared = comparing.of_school(args.into, args.file)
    path = comparing.free(args.out / places.RETURNS / args.into.name / "导入_核对结果.xlsx")
    path.parent.mkdir(parents=True, exist_ok=True)
    comparing.write(compared, path)
    say(f"“{args.into.name}”的花名册里已有 {enrolled} 人，没有带入，先核对：")
    print("\n".join(comparing.told(compared)).lstrip())
    say(f"全部结果：{path}。核实以后，由学校在花名册和学生变动里改。")
    return _code((), _unread(compared.unread), compared.open or compared.aside)


def newyear(args: argparse.Namespace) -> int:
    """Make the new school year from the old one, and say what a person must decide."""
    from .commands import newyear as turning

    made, said, asked = turning.newyear(args.path, args.before, args.dry_run, args.to)
    for line in turning.told(made, said, args.dry_run):
        say(line)
    if asked:
        say(turning.ask(asked, args.out))
    return CLEAN


def status(args: argparse.Namespace) -> int:
    """Print which reports are made, which failed, and whether the workbooks have changed since."""
    from .publishing import status as standing

    found = standing.status(args.out, args.workbooks)
    print(json.dumps(found, ensure_ascii=False, indent=1) if args.json else "\n".join(standing.told(found)))
    return RUN_FAILED if any(one["failed"] for one in found) else CLEAN


def notify(args: argparse.Namespace) -> int:
    """Say what each member of staff has to do, as counts; send it where the office wants that."""
    from .publishing import notifying

    held = notifying.wanted(places.office())
    if args.send and not held:
        raise findings.UserError(
            f"没有打开提醒。请在办公文件夹的 {places.MARK} 里写 notify（照里面的样子），on 写 true。"
        )
    told = notifying.notice(args.path, args.within or int(held.get("within", notifying.WITHIN)), args.as_of)
    known = "算得出来的事项里，" if told.left_out else ""
    say(told.whole or f"截至 {told.as_of}，{known}没有要提醒的。")
    if told.left_out:
        console.say_error(f"{told.left_out}。请补填、改好，再运行一次。")
    failed = notifying.send(told, held, console.say_error) if args.send else 0
    return _code(told.broken, [*_unread(told.unread), *[None] * failed], ())


def schedule(args: argparse.Namespace) -> int:
    """Write the entry that has the machine do an evening's work by itself, or do that work now."""
    from .publishing import scheduling

    home = _office()
    if args.now:
        well, lines = scheduling.evening(home, args.workbooks, args.out, missed=args.missed)
        for line in lines:
            say(line)
        return CLEAN if well else RUN_FAILED
    path, line = scheduling.write(home, args.at)
    if args.install:
        scheduling.install(line)
        say(f"已登记，这台电脑从此每天 {args.at:%H:%M} 自动做：{path}")
        return CLEAN
    say(f"已生成：{path}\n在命令行里运行这一行，从此每天 {args.at:%H:%M} 自动做：\n{line}")
    return CLEAN


def papers(args: argparse.Namespace) -> int:
    """Print out the papers of a month: .docx or .xlsx, each with its page."""
    from . import papers as printing
    from .publishing import archive
    from .publishing.gate import gate

    if args.list:
        print(printing.listed())
        return CLEAN
    if not args.month:
        raise findings.UsageError("没有写月份，请加 --month，例如 --month 2023-10")
    broken: list[str] = []
    asked = args.school, args.month, args.path, args.kind, args.out
    made: list[Path] = []
    lacking = ""
    try:
        made = printing.print_out(
            *asked,
            gate=gate,
            say=say,
            earlier=lambda year: archive.made(args.out, year),
            warn=broken.append,
            room=args.room,
        )
    except printing.Unmade as error:
        if not (error.made or broken):
            raise
        made, lacking = error.made, str(error)
    print(f"{len(made)} 个文件，在 {args.out / 'papers' / args.month}")
    if lacking:
        console.say_error(f"有的没有做成：{lacking}")
    return _code(broken, lacking, ())


def serve(args: argparse.Namespace) -> int:
    """Serve the archived and the live pages; where the office has accounts, to these only."""
    from .site import accounts, listening, serve as serving

    known, proxy = accounts.of_office(), {"behind_proxy": args.behind_proxy, "proxy_names": args.proxy_names}
    asked = listening.opened(known, args.address, args.host, args.certificate, args.key, **proxy)
    serving.serve(args.workbooks, args.out, args.port, open_browser=args.browser, door=asked)
    return CLEAN


def users(args: argparse.Namespace) -> int:
    """Make, change and list the accounts of the served pages."""
    from .excel import registry
    from .site import accounts

    known = registry.newest(args.workbooks) if args.school else {}
    asked = args.action, args.name, args.role, args.school, args.classes
    print(accounts.users(_office(), *asked, known=known, by_proxy=args.no_password))
    return CLEAN


def demo(args: argparse.Namespace) -> int:
    """The main job on an example township, from workbooks to pages."""
    code = _outcome(_beside("demo")(args.folder, say=say))
    return code if code == RUN_FAILED else CLEAN  # what it plants cannot all be read: no failure


def tutorial(args: argparse.Namespace) -> int:
    """Ten mistakes to find and mend in an invented township, one after the other."""
    return CLEAN if _beside("tutorial")(args.folder, say=say) else ERRORS


def _beside(name: str) -> Callable:
    """What a package beside this one does for a command, by its entry point: an office needs no example."""
    from importlib.metadata import entry_points

    found = tuple(entry_points(group="kongchuo.commands", name=name))
    if not found:
        raise findings.UserError(
            "没有安装示例镇（kongchuo_township），请管理员在程序文件夹里运行 pip install -e . 后再试"
        )
    return found[0].load()


def _office() -> Path:
    """The office that a command works in; it must be one."""
    if home := places.office():
        return home
    raise findings.UserError("这里不是办公文件夹（没有 kongchuo.yaml）。请先 kongchuo init，再进到那个文件夹里运行。")


def _outcome(outcome: Outcome) -> int:
    """The exit code of a batch, which has said itself what went wrong."""
    if outcome.failed or outcome.withheld or outcome.broken:
        return RUN_FAILED
    return UNREADABLE if outcome.unreadable or outcome.lost or outcome.stuck else CLEAN


def _unread(found: Sequence[findings.Finding]) -> Sequence[findings.Finding]:
    """The same, each said on stderr: what stands in these workbooks is in no list."""
    for one in found:
        console.say_error(f"读不到：{one.workbook}：{one.message}。{one.fix}")
    return found


def _code(broken: Sequence[str], unreadable: object, errors: object) -> int:
    """The exit code, with a line on stderr for each part of ours that broke: these weigh most, what nobody could read more than errors."""
    for line in broken:
        console.say_error(line)
    return RUN_FAILED if broken else UNREADABLE if unreadable else ERRORS if errors else CLEAN


def parser() -> argparse.ArgumentParser:
    """All commands with their options, each with the function of this module that runs it."""
    return options.parser(globals())


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code. Whatever goes wrong becomes one Chinese sentence on stderr (console)."""
    return console.guarded(lambda: _run(argv))


def _run(argv: list[str] | None) -> int:
    if home := places.office():
        from .commands import settings
        from .core import policy

        if wrong := settings.enter(home):
            console.say_error(wrong)
        if unknown := policy.strangers():
            console.say_error(f"本镇参数表里有这一版程序不认识的参数，没有用：{'、'.join(unknown)}")
    known = parser()
    args, rest = known.parse_known_args(argv)
    if hasattr(args, "overrides"):  # argparse takes them only in one piece; people write name=value anywhere
        args.overrides += [word for word in rest if not word.startswith("-")]
        rest = [word for word in rest if word.startswith("-")]
    if rest:
        known.error(f"没有这样的选项：{' '.join(rest)}")
    if getattr(args, "json", False):
        console.plain_utf8()
    return args.function(args)


if __name__ == "__main__":
    sys.exit(main())
