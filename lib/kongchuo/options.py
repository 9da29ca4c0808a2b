"""What can be said on the command line: each command, its options, what they mean. Holds no logic."""

import argparse
import datetime as dt
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from .core import places
from .core.years import FIRST, LAST


def _date(text: str) -> dt.date:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"日期“{text}”应写成 2023-10-31 的样子") from error
    if not FIRST <= day <= LAST:
        raise argparse.ArgumentTypeError(f"日期“{text}”应在 {FIRST.year} 年到 {LAST.year} 年之间")
    return day


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"“{text}”应是 {least} 到 {most} 之间的整数")
        return int(text)

    return number


def _time(text: str) -> dt.time:
    try:
        return dt.datetime.strptime(text, "%H:%M").time()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"时间“{text}”应写成 18:00 的样子") from error


Option = tuple[tuple[str, ...], dict[str, object]]  # names and meaning of one argument, as argparse takes them


def env(variable: str, otherwise: str = "") -> Callable[[], Path | None]:
    """A default that is a path in the environment, else `otherwise` ("": none), looked up when the command line is read."""

    def default() -> Path | None:
        said = os.environ.get(variable) or otherwise
        return Path(said) if said else None

    return default


def option(*names: str, **meaning: object) -> Option:
    """One argument of a command; `help` is what --help says of it, `default` may be an `env`."""
    return names, meaning


def chosen(name: str, *values: str, help: str) -> Option:
    """One of a few words that must be given: where it lacks, argparse names it by all of them."""
    return option(name, choices=values, metavar="|".join(values), help=help)


def flag(name: str, help_text: str, *short: str) -> Option:
    """An argument without a value."""
    return option(*short, name, action="store_true", help=help_text)


def out(help_text: str, **meaning: object) -> Option:
    """Where what a command makes is put."""
    return option("--out", **{"type": Path, "default": env(places.OUT, "build/runs"), "help": help_text, **meaning})


SHARED_FOLDER = env(places.WORKBOOKS, "workbooks/新庄镇")
PATHS = option(
    "paths",
    nargs="*",
    type=Path,
    default=lambda: [folder for folder in (env(places.WORKBOOKS)(),) if folder],
    metavar="PATH",
    help="共享文件夹、学年、学校文件夹或工作簿（默认是办公文件夹的共享文件夹，或取环境变量 KONGCHUO_WORKBOOKS）",
)
AS_OF = option("--as-of", type=_date, metavar="YYYY-MM-DD", help="数据截止日期（默认为最近一次日查）")
WORKBOOKS = option(
    "--workbooks", type=Path, default=SHARED_FOLDER, help="共享文件夹（默认取环境变量 KONGCHUO_WORKBOOKS）"
)
REPORTS = out("报告放在哪里（默认取 KONGCHUO_OUT）")

# each command: what --help says of it, its options
COMMANDS: dict[str, tuple[str, tuple[Option, ...]]] = {
    "check": ("检查工作簿，列出问题", (
        PATHS,
        flag("--json", "逐条输出 JSON"),
        AS_OF,
        flag("--fresh", "全部重新检查，不用上次的结果（文件没有变动时，平时直接给出上次的结果）"),
        out("报告所在文件夹：和其中的旧快照比，问补记（默认取 KONGCHUO_OUT）", default=env(places.OUT)),
        flag("--waived", "逐条列出已豁免的问题（--json 里总有）"),
        flag("--verbose", "列出每一处尚未判定", "-v"),
    )),
    "due": ("列出各校已逾期和快到期的事项", (
        PATHS,
        option("--within", type=_number(0, 3660), default=14, metavar="DAYS", help="今后多少天内到期的也列出（默认14）"),
        flag("--json", "逐条输出 JSON"),
        AS_OF,
    )),
    "mark": ("把问题标到工作簿里：默认另存标好的副本，原文件不动", (
        PATHS,
        flag("--in-place", "直接标在原工作簿里（先留原件；有人打开时不写）"),
        flag("--clear", "清除标记"),
        AS_OF,
        out("副本和原件放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "repair": ("把粘贴弄丢的下拉、文本格式放回来：另存修好的副本，原文件不动", (
        PATHS,
        out("副本放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "migrate": ("把旧模板的工作簿搬进新模板：列改了名、加了列、代码换了的；默认另存副本，原文件不动", (
        PATHS,
        flag("--in-place", "直接换掉原工作簿（先留原件；有人打开时、有带不过来的东西时不换）"),
        out("副本和原件放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "live": ("校验 Excel 里正打开的工作簿（含没有保存的修改），就地标记；不保存", (
        chosen("action", "mark", "clear", "report", help="标记、清除标记、打开本校最新的报告"),
        option("book", nargs="?", default="", metavar="BOOK", help="工作簿的完整路径（默认是 Excel 最前面的那本）"),
        AS_OF,
        REPORTS,
    )),
    "starters": ("生成双击就能用的“校验”，办公文件夹里还有打开网页、生成本月报告等；在 Windows 上还生成 Excel 的宏", (
        option("folder", type=Path, metavar="DIR", help="放在哪里：要校验的文件夹，或办公文件夹"),
        out("标好的副本和报告放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "watch": ("看着共享文件夹：有人保存，就更新他的标好的副本", (
        option("folder", type=Path, metavar="DIR", help="共享文件夹"),
        out("副本放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "reconcile": ("核对上级推送的名单；不给名单时，核对摸底、花名册和上学年六年级", (
        option("file", nargs="?", type=Path, metavar="FILE", help="名单，xlsx 或 csv"),
        WORKBOOKS,
        out("把全部结果写成工作簿，供逐行核实", default=None, metavar="FILE.xlsx"),
        flag("--json", "逐行输出 JSON"),
        AS_OF,
    )),
    "build": ("重新生成模板和方案工作簿，放回缺少的材料模板", (
        flag("--check", "只检查哪些已过期"),
    )),
    "rules": ("列出全部检查代码：意思、怎样改、用到的参数", (
        option("codes", nargs="*", default=[], metavar="CODE", help="只看这几个代码，如 X12"),
        flag("--json", "输出 JSON"),
    )),
    "example": ("生成示例镇（虚构数据）", (
        option("folder", type=Path, metavar="DIR"),
        option("--schools", type=_number(1, 999), default=13),
        option("--pupils", type=_number(1, 200_000), default=4000),
        option("--seed", type=_number(0, 999_999_999), default=1),
        flag("--whole-year", "台账记到学年末（默认只记第一学期）"),
        flag("--faults", "埋入错误，并列出埋在哪里（planted.json）"),
    )),
    "run": ("按参数文件批量生成报告", (
        option("file", type=Path, metavar="FILE"),
        option("overrides", nargs="*", default=[], metavar="name=value"),
        option("--only", action="append", default=[], metavar="NOTEBOOK",
            help="只要参数文件里的这一种，如 annual_reward，可写几次；failed：只重做上次失败的"),
        flag("--force", "台账和程序都没有变的也重做"),
        option("--engine", choices=("kongchuo", "nbclient"), default="", help="怎样运行笔记本（默认取本机最快的）"),
        option("--scheduler", default="", metavar="tcp://…", help="交给已有的 Dask 集群去做：调度程序的地址"),
        flag("--dry-run", "只列出将要生成的报告"),
        flag("--json", "每完成一份输出一行 JSON，供计划任务等程序读"),
        option("--workbooks", action="append", type=Path, help="共享文件夹（默认取环境变量 KONGCHUO_WORKBOOKS）；"
            "几个镇就写几次，各镇的报告在 --out 下面各自的文件夹里"),
        REPORTS,
    )),
    "init": ("建一个办公文件夹：共享文件夹里放好各校的空白工作簿，另有本镇的参数、模板和笔记本的位置", (
        option("folder", type=Path, metavar="DIR", help="建在哪里"),
        option("--town", required=True, help="镇名，如 新庄镇"),
        option("--schools", type=Path, metavar="FILE", help="学校名单，csv 或 xlsx，有“学校全称”一列"),
        option("--year", required=True, metavar="YYYY-YYYY", help="学年，如 2024-2025"),
    )),
    "copy": ("把程序自带的笔记本、参数文件或材料模板复制到办公文件夹，供修改", (
        option("names", nargs="+", metavar="NAME", help="如 monthly_self_check、告家长一封信"),
    )),
    "upgrade": ("装了新版程序以后运行一次：说新版带来什么，没有改过的副本换成新的，改过的旁边放一份新的", ()),
    "import": ("把学校自己的花名册变成我们的列：先生成对照表给人看、给人改，再生成工作簿", (
        option("file", type=Path, metavar="FILE", help="名单，xlsx 或 csv；一个班一张工作表也可以"),
        option("--into", type=Path, required=True, metavar="SCHOOL", help="校名，或学校的文件夹：共享文件夹/学年/学校"),
        flag("--number", "中心学校用：没有学生编号的，接着全镇最大的往下编"),
        WORKBOOKS,
        out("对照表和生成的工作簿放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "newyear": ("建新学年：旧学年不动，学校、班级、学生、包保、没有销的个案带入新的空白工作簿，要决定的列出来", (
        option("path", nargs="?", type=Path, default=SHARED_FOLDER, metavar="PATH", help="共享文件夹（默认取环境变量）"),
        option("--from", dest="before", required=True, metavar="YYYY-YYYY", help="旧学年，如 2023-2024"),
        flag("--dry-run", "只说会带入什么，不生成"),
        option("--to", type=Path, metavar="FILE", help="填好的 升学去向.csv：有几所初中时，六年级各升哪一所"),
        out("要填的 升学去向.csv 放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "status": ("已经生成的报告：各有几份，哪些失败，台账之后变过没有", (
        WORKBOOKS,
        REPORTS,
        flag("--json", "输出 JSON"),
    )),
    "notify": ("提醒：每人逾期、快到期各几项，只有数目，没有学生姓名；可以抄走，也可以发邮件、企业微信、钉钉", (
        option("path", nargs="?", type=Path, default=SHARED_FOLDER, metavar="PATH", help="共享文件夹（默认取环境变量）"),
        option("--within", type=_number(0, 3660), default=0, metavar="DAYS", help="今后多少天内到期的也算（默认7）"),
        flag("--send", "照办公文件夹 kongchuo.yaml 里的 notify 发出去（没有写就不发）"),
        AS_OF,
    )),
    "schedule": ("每天自动做一次：检查、标红，上月的报告没有做的补做，打开了提醒的发提醒", (
        option("--at", type=_time, default="18:00", metavar="HH:MM", help="每天几点（默认18:00）"),
        flag("--install", "现在就登记到这台电脑（cron 或计划任务），从此每天自动做"),
        flag("--now", "现在就做一次（计划任务运行的就是它）"),
        flag("--missed", "和 --now 一起：一天里做过的就不做"),
        WORKBOOKS,
        REPORTS,
    )),
    "papers": ("打印材料：月报表、简报、告家长一封信、一生一案、责任书等，生成 Word、Excel 和网页", (
        option("path", nargs="?", type=Path, default=SHARED_FOLDER, metavar="PATH", help="共享文件夹（默认取环境变量）"),
        flag("--list", "列出有哪些材料"),
        option("--kind", nargs="+", default=[], metavar="NAME", help="只要这几种，如 月报表 简报（默认全部）"),
        option("--school", default=places.ALL, help="学校全称、代码、常用名，或全镇（默认 all：全镇和每所学校）"),
        option("--month", default="", metavar="YYYY-MM", help="哪个月"),
        option("--class", dest="room", default="", metavar="CLASS", help="只要这个班的，如 七(1)班（一班一份的材料才有）"),
        out("放在哪里（默认取 KONGCHUO_OUT）"),
    )),
    "serve": ("打开报告网页：默认只有本机能看，有账号、有证书的也能让别的电脑看", (
        option("--port", type=_number(0, 65535), default=8866),
        flag("--browser", "同时打开浏览器"),
        option("--address", default="127.0.0.1", metavar="ADDRESS", help="让别的电脑也能看：这台电脑的地址（默认只有本机能看）"),
        option("--host", action="append", default=[], metavar="NAME", help="在浏览器里打的名字，可写几次（默认是 --address）"),
        option("--certificate", type=Path, metavar="FILE", help="证书，PEM"),
        option("--key", type=Path, metavar="FILE", help="证书的私钥，PEM，不带密码"),
        flag("--behind-proxy", "前面有代理做加密"),
        flag("--proxy-names", "由代理说是谁（单位的统一登录），不在这里输密码"),
        WORKBOOKS,
        REPORTS,
    )),
    "users": ("谁能登录报告网页：账号、角色、学校；密码在窗口里输入", (
        chosen("action", "list", "add", "role", "password", "lock", "unlock", "remove",
            help="列出、新建、改角色和学校、换密码、停用、恢复、删除"),
        option("name", nargs="?", default="", metavar="NAME", help="账号"),
        option("--role", default="", metavar="ROLE", help="公开、班主任、学校、督查或中心学校"),
        option("--school", action="append", default=[], metavar="SCHOOL", help="学校全称，可写几次"),
        option("--class", dest="classes", action="append", default=[], metavar="CLASS", help="班主任的班级，可写几次"),
        flag("--no-password", "不要密码，由代理认人（serve --proxy-names）"),
        WORKBOOKS,
    )),
    "tutorial": ("练习：建一个小小的虚构镇，埋十处错误，一处一处找出来、改好；再运行一次，说改好了几处", (
        option("folder", type=Path, nargs="?", default=Path("控辍保学练习"), metavar="DIR", help="建在哪里"),
    )),
    "demo": ("用示例镇演示全过程", (
        option("folder", type=Path, nargs="?", default=Path("build/demo")),
    )),
}  # fmt: skip


RENAMED = {"import": "import_"}  # the function of a command whose name Python keeps for itself


EXIT_CODES = "退出码：0 没有问题，1 有错误，2 命令写错了，3 有读不了、找不到的，4 有一份没有做成，或程序自己出错。"
# what argparse says itself, in words of the office; texts that are not here (faults of the declaration of options) stay English
SAID = {
    "usage: ": "写法：",
    "positional arguments": "要写的",
    "options": "选项",
    "show this help message and exit": "看这条命令怎样写",
    "the following arguments are required: %s": "还要写 %s",
    "unrecognized arguments: %s": "没有这样的选项：%s",
    "ambiguous option: %(option)s could match %(matches)s": "选项 %(option)s 没有写全，可以是 %(matches)s",
    "expected one argument": "后面要写一个值",
    "expected at least one argument": "后面至少要写一个值",
    "not allowed with argument %s": "不能和 %s 一起写",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有 %(value)r，可以写 %(choices)s",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s：%(message)s",
    "%(prog)s: error: %(message)s\n": "无法继续：%(message)s。%(prog)s --help 看怎样写\n",
}


def parser(functions: Mapping[str, object]) -> argparse.ArgumentParser:
    """All commands; `functions` run them, by name. A default taken from the environment is read here and nowhere else."""
    # where it looks for translations; gettext would want a file of them
    vars(argparse)["_"] = lambda text: SAID.get(text, text)
    top = argparse.ArgumentParser(prog="kongchuo", description="控辍保学台账检查与报告", epilog=EXIT_CODES)
    commands = top.add_subparsers(required=True, metavar="命令")
    for name, (help_text, options) in COMMANDS.items():
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(function=functions[RENAMED.get(name, name)])
        for names, meaning in options:
            default = meaning.get("default")
            command.add_argument(*names, **meaning | ({"default": default()} if callable(default) else {}))
    return top
