"""使用手册.html: all pages of the handbook in one, for those who do not read Markdown: opened by a double-click, printed as a book."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import mistune
from markupsafe import Markup, escape
from mistune.plugins.table import table_in_list

BOOK = "使用手册.html"
FIRST = "README.md"  # its list of links is the order of the chapters
CSS = """body{font:16px/1.75 "Microsoft YaHei","PingFang SC","Noto Sans CJK SC",sans-serif;color:#222;margin:0 auto;max-width:50rem;padding:1rem}
h1{border-bottom:2px solid #1f5f99;color:#1f5f99;margin-top:3rem}h2{color:#1f5f99}a{color:#1f5f99}
table{border-collapse:collapse;margin:1rem 0;width:100%}th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}
th{background:#eef4fa}pre,code{background:#f3f3f3;font-family:Consolas,monospace}pre{overflow-x:auto;padding:.7rem}td code{word-break:break-all}
img{border:1px solid #bbb;max-width:100%}nav ol{columns:2}
@media print{body{font-size:10.5pt;max-width:none}h1{break-before:page;margin-top:0}h1:first-of-type{break-before:auto}tr,pre,img{break-inside:avoid}
h2,h3{break-after:avoid}pre{white-space:pre-wrap}a{color:inherit;text-decoration:none}}
@media(max-width:40rem){nav ol{columns:1}table{display:block;overflow-x:auto}}"""
PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<title>使用手册</title>\n<link rel="icon" href="data:,">\n<style>\n{css}\n</style>\n</head>\n<body>\n'
    "<h1>使用手册</h1>\n{intro}\n<nav><ol>{contents}</ol></nav>\n{chapters}\n</body>\n</html>\n"
)


class _Renderer(mistune.HTMLRenderer):
    """Links between pages become places in the book; pictures go into it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(escape=True)
        self.folder = folder

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """A link to a chapter leads to its heading."""
        name = unquote(url)
        return super().link(text, f"#{name.removesuffix('.md')}" if name.endswith(".md") else url, title)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture as part of the page, which nothing lies beside."""
        data = base64.b64encode((self.folder / unquote(url)).read_bytes()).decode()
        return super().image(text, f"data:image/png;base64,{data}", title)

    def safe_url(self, url: str) -> str:
        """Ours are all safe."""
        return url


def chapters(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and text of each page that the first one links to, in its order."""
    for name in re.findall(r"\]\(([^)]+)\.md\)", (folder / FIRST).read_text("utf-8")):
        yield name, (folder / f"{name}.md").read_text("utf-8")


def book(folder: Path) -> bytes:
    """The page."""
    html = mistune.create_markdown(renderer=_Renderer(folder), plugins=["table", table_in_list])
    intro = (folder / FIRST).read_text("utf-8").partition("\n")[2].partition("\n0.")[0]
    found = list(chapters(folder))
    contents = Markup("").join(
        Markup('<li><a href="#{}">{}</a></li>').format(name, text.partition("\n")[0].lstrip("# "))
        for name, text in found
    )
    parts = (html(text).replace("<h1>", f'<h1 id="{escape(name)}">', 1) for name, text in found)
    lookups = Markup(
        '<p>查一查：<a href="数据字典.html">数据字典</a>　<a href="规则目录.html">规则目录</a>（每个代码一条，按代码或词查找）</p>'
    )
    page = PAGE.format(
        css=Markup(CSS), intro=Markup(html(intro)) + lookups, contents=contents, chapters=Markup("\n".join(parts))
    )
    return page.encode()
