"""使用手册.html holds every page of the handbook, and each of its links leads somewhere."""

from urllib.parse import unquote

import lxml.html
import pytest

import book
from kongchuo.core.places import HANDBOOK


@pytest.fixture(scope="module")
def page():
    return lxml.html.fromstring(book.book(HANDBOOK).decode())


def test_every_page_is_a_chapter(page):
    written = {path.stem for path in HANDBOOK.glob("*.md")} - {"README"}
    assert {one.get("id") for one in page.xpath("//h1[@id]")} == written


def test_each_link_leads_somewhere(page):
    ids = set(page.xpath("//@id"))
    for target in map(unquote, page.xpath("//a/@href")):
        assert target[1:] in ids if target.startswith("#") else (HANDBOOK / target).is_file(), target


def test_it_needs_nothing_beside_it(page):
    assert all(source.startswith("data:image/png;base64,") for source in page.xpath("//img/@src"))
    assert not page.xpath("//script | //link[@rel='stylesheet']")


def test_tables_and_commands_came_through(page):
    assert page.xpath("//table//td[contains(., '看着共享文件夹')]")
    assert page.xpath("//pre/code[contains(., 'kongchuo check')]")
