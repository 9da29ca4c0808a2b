"""kongchuo demo: what a stranger runs first. Smaller here than the thirteen schools it makes for them."""

import re
from html import unescape
from urllib.parse import unquote

from kongchuo_township import demo


def test_every_fault_is_found_and_every_page_is_made(tmp_path):
    said = []
    outcome = demo.demo(tmp_path / "demo", said.append, schools=2, pupils=60)
    text = "\n".join(said)

    planted, found = re.search(r"埋入的 (\d+) 处错误，查出 (\d+) 处", text).groups()
    assert planted == found
    assert [result.reason for result in outcome.failed] == []
    made = [result.parameters.get("edition", result.parameters.get("kinds")) for result in outcome.results]
    assert len(made) == (2 + 1) + 1 + 1 + 2 + 2  # town and school; papers; one school's people; internal and public
    assert (made.count("公开版"), made.count("应打印")) == (2, 1)
    assert all((tmp_path / "demo" / "runs" / link).is_file() for link in links(tmp_path / "demo" / "runs"))


def links(runs):
    """What the page that demo says to open leads to."""
    found = re.findall(r'href="([^"#:]+\.html)"', (runs / "index.html").read_text("utf-8"))
    assert len(found) >= 2 + 1 + 1 + 1 + 2 + 2
    return [unquote(unescape(link)) for link in found]
