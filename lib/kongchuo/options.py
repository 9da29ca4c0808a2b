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


def parser(functions: Mapping[str, object], epilog: str) -> argparse.ArgumentParser:
    """All commands; `functions` run them, by name. A default taken from the environment is read here and nowhere else."""
    workbooks = Path(os.environ.get(places.WORKBOOKS, "workbooks/新庄镇"))
    out = Path(os.environ.get(places.OUT, "build/runs"))
    top = argparse.ArgumentParser(prog="kongchuo", description="控辍保学台账检查与报告", epilog=epilog)
    commands = top.add_subparsers(required=True, metavar="命令")

    def command(name: str, help_text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=help_text, description=help_text)
        made.set_defaults(function=functions[name])
        return made

    def shared(made: argparse.ArgumentParser) -> None:
        made.add_argument(
            "--workbooks", type=Path, default=workbooks, help="共享文件夹（默认取环境变量 KONGCHUO_WORKBOOKS）"
        )
        made.add_argument("--out", type=Path, default=out, help="报告放在哪里（默认取 KONGCHUO_OUT）")

    made = command("check", "检查工作簿，列出问题")
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="共享文件夹、学年、学校文件夹或工作簿")
    made.add_argument("--json", action="store_true", help="逐条输出 JSON")
    made.add_argument("--as-of", type=_date, metavar="YYYY-MM-DD", help="数据截止日期（默认为最近一次日查）")
    made.add_argument(
        "--fresh", action="store_true", help="全部重新检查，不用上次的结果（文件没有变动时，平时直接给出上次的结果）"
    )
    made.add_argument(
        "--out",
        type=Path,
        default=os.environ.get(places.OUT) or None,
        help="报告所在文件夹：和其中的旧快照比，问补记（默认取 KONGCHUO_OUT）",
    )
    made.add_argument("--waived", action="store_true", help="逐条列出已豁免的问题（--json 里总有）")
    made.add_argument("-v", "--verbose", action="store_true", help="列出每一处尚未判定")
    made = command("due", "列出各校已逾期和快到期的事项")
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="共享文件夹、学年、学校文件夹或工作簿")
    made.add_argument(
        "--within", type=_number(0, 3660), default=14, metavar="DAYS", help="今后多少天内到期的也列出（默认14）"
    )
    made.add_argument("--json", action="store_true", help="逐条输出 JSON")
    made.add_argument("--as-of", type=_date, metavar="YYYY-MM-DD", help="数据截止日期（默认为最近一次日查）")
    made = command("mark", "把问题标到工作簿里：默认另存标好的副本，原文件不动")
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="共享文件夹、学年、学校文件夹或工作簿")
    made.add_argument("--in-place", action="store_true", help="直接标在原工作簿里（先留原件；有人打开时不写）")
    made.add_argument("--clear", action="store_true", help="清除标记")
    made.add_argument("--as-of", type=_date, metavar="YYYY-MM-DD", help="数据截止日期（默认为最近一次日查）")
    made.add_argument("--out", type=Path, default=out, help="副本和原件放在哪里（默认取 KONGCHUO_OUT）")
    made = command("repair", "把粘贴弄丢的下拉、文本格式放回来：另存修好的副本，原文件不动")
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="共享文件夹、学年、学校文件夹或工作簿")
    made.add_argument("--out", type=Path, default=out, help="副本放在哪里（默认取 KONGCHUO_OUT）")
    made = command("live", "校验 Excel 里正打开的工作簿（含没有保存的修改），就地标记；不保存")
    made.add_argument("action", choices=("mark", "clear", "report"), help="标记、清除标记、打开本校最新的报告")
    made.add_argument(
        "book", nargs="?", default="", metavar="BOOK", help="工作簿的完整路径（默认是 Excel 最前面的那本）"
    )
    made.add_argument("--as-of", type=_date, metavar="YYYY-MM-DD", help="数据截止日期（默认为最近一次日查）")
    made.add_argument("--out", type=Path, default=out, help="报告放在哪里（默认取 KONGCHUO_OUT）")
    made = command("starters", "生成双击就能用的“校验”；在 Windows 上还生成 Excel 的宏")
    made.add_argument("folder", type=Path, metavar="DIR", help="放在哪里：要校验的文件夹")
    made.add_argument("--out", type=Path, default=out, help="标好的副本和报告放在哪里（默认取 KONGCHUO_OUT）")
    made = command("watch", "看着共享文件夹：有人保存，就更新他的标好的副本")
    made.add_argument("folder", type=Path, metavar="DIR", help="共享文件夹")
    made.add_argument("--out", type=Path, default=out, help="副本放在哪里（默认取 KONGCHUO_OUT）")
    made = command("reconcile", "核对上级推送的名单；不给名单时，核对摸底、花名册和上学年六年级")
    made.add_argument("file", nargs="?", type=Path, metavar="FILE", help="名单，xlsx 或 csv")
    made.add_argument(
        "--workbooks", type=Path, default=workbooks, help="共享文件夹（默认取环境变量 KONGCHUO_WORKBOOKS）"
    )
    made.add_argument("--out", type=Path, metavar="FILE.xlsx", help="把全部结果写成工作簿，供逐行核实")
    made.add_argument("--json", action="store_true", help="逐行输出 JSON")
    made.add_argument("--as-of", type=_date, metavar="YYYY-MM-DD", help="数据截止日期（默认为最近一次日查）")
    made = command("build", "重新生成模板和方案工作簿，放回缺少的材料模板")
    made.add_argument("--check", action="store_true", help="只检查哪些已过期")
    made = command("rules", "列出全部检查代码：意思、怎样改、用到的参数")
    made.add_argument("codes", nargs="*", metavar="CODE", help="只看这几个代码，如 X12")
    made.add_argument("--json", action="store_true", help="输出 JSON")
    made = command("example", "生成示例镇（虚构数据）")
    made.add_argument("folder", type=Path, metavar="DIR")
    made.add_argument("--schools", type=_number(1, 999), default=13)
    made.add_argument("--pupils", type=_number(1, 200_000), default=4000)
    made.add_argument("--seed", type=_number(0, 999_999_999), default=1)
    made.add_argument("--whole-year", action="store_true", help="台账记到学年末（默认只记第一学期）")
    made.add_argument("--faults", action="store_true", help="埋入错误，并列出埋在哪里（planted.json）")
    made = command("run", "按参数文件批量生成报告")
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("overrides", nargs="*", metavar="name=value")
    made.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NOTEBOOK",
        help="只要参数文件里的这一种，如 annual_reward，可写几次",
    )
    made.add_argument("--force", action="store_true", help="台账和程序都没有变的也重做")
    made.add_argument(
        "--engine", choices=("kongchuo", "nbclient"), default="", help="怎样运行笔记本（默认取本机最快的）"
    )
    made.add_argument("--dry-run", action="store_true", help="只列出将要生成的报告")
    shared(made)
    made = command("papers", "打印材料：月报表、简报、告家长一封信、一生一案、责任书等，生成 Word、Excel 和网页")
    made.add_argument(
        "path", nargs="?", type=Path, default=workbooks, metavar="PATH", help="共享文件夹（默认取环境变量）"
    )
    made.add_argument("--list", action="store_true", help="列出有哪些材料")
    made.add_argument("--kind", nargs="+", default=[], metavar="NAME", help="只要这几种，如 月报表 简报（默认全部）")
    made.add_argument("--school", default=places.ALL, help="学校全称、代码、常用名，或全镇（默认 all：全镇和每所学校）")
    made.add_argument("--month", default="", metavar="YYYY-MM", help="哪个月")
    made.add_argument("--out", type=Path, default=out, help="放在哪里（默认取 KONGCHUO_OUT）")
    made = command("serve", "在本机打开报告网页")
    made.add_argument("--port", type=_number(0, 65535), default=8866)
    made.add_argument("--browser", action="store_true", help="同时打开浏览器")
    shared(made)
    made = command("demo", "用示例镇演示全过程")
    made.add_argument("folder", type=Path, nargs="?", default=Path("build/demo"))
    return top
