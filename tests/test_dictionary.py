"""数据字典 and 规则目录: everything stands in them, a clerk finds it, and they need nothing from outside."""

import re
import subprocess
from urllib.parse import unquote

import lxml.html
import pytest

import dictionary
import products
from browsing import browser  # noqa: F401 - a fixture
from kongchuo.core import places, policy, schema
from kongchuo.facts.signals import SIGNALS
from kongchuo.figures.definitions import MEASURES
from kongchuo.rules import catalogue
from ruletables import FOLDER

SCHEMA = schema.default()
POLICY = policy.load(places.POLICY)
PAGES = {name: data.decode() for name, data in products.pages()}
DICTIONARY, RULES = (lxml.html.fromstring(PAGES[name]) for name in (dictionary.DICTIONARY, dictionary.RULES))
ITEMS = len(DICTIONARY.xpath("//*[@class='items' or @class='items values']/*"))
CODES = [entry.code for entry in catalogue.entries()]


def texts(node, path):
    return [" ".join(found.text_content().split()) for found in node.xpath(path)]


@pytest.mark.parametrize("sheet", SCHEMA.sheets.values(), ids=lambda sheet: sheet.title)
def test_every_column_of_every_sheet_stands_in_its_table(sheet):
    book = SCHEMA.book_of[sheet.name]
    (section,) = DICTIONARY.xpath(f"//section[@id='{book.name}']//section[@id='{book.name}.{sheet.name}']")
    rows = [texts(row, "*") for row in section.xpath(".//tbody/tr")]

    assert section.findtext("h4") == sheet.title
    assert sheet.description in section.text_content()
    assert [row[0] for row in rows] == [item.title for item in sheet.fields]
    for item, row in zip(sheet.fields, rows, strict=True):
        assert row[2] == ("自动计算，不填" if item.generated else sheet.when(item) or "选填")
        assert row[4] == " ".join(item.hint.split())
        assert bool(row[5]) == bool(item.personal)


def test_every_workbook_says_who_keeps_it():
    for book in SCHEMA.books:
        (section,) = DICTIONARY.xpath(f"//section[@id='{book.name}']")
        assert ("每所学校各一本" in texts(section, "p")[0]) == (book.owner == "school")
        assert all(f"{stem}.xlsx" in section.text_content() for stem in book.stems)


@pytest.mark.parametrize("codes", SCHEMA.codes.values(), ids=lambda codes: codes.title)
def test_every_code_stands_in_its_list_with_number_and_aliases(codes):
    (section,) = DICTIONARY.xpath(f"//section[@id='codes.{codes.name}']")
    rows = [
        texts(row, "*") or texts(row, ".") for row in section.xpath(".//*[@class='items' or @class='items values']/*")
    ]

    assert [row[0] for row in rows] == list(codes.names)
    for value, row in zip(codes.values, rows, strict=True):
        assert all(part in row for part in (value.code, "、".join(value.aliases)) if part)
    assert codes.source in section.text_content()


def test_every_measure_stands_with_its_formula_targets_and_source():
    rows = [texts(row, "*") for row in DICTIONARY.xpath("//table[@class='measures']/tbody/tr")]

    assert [row[:2] for row in rows] == [[item.code, item.title] for item in MEASURES]
    for item, row in zip(MEASURES, rows, strict=True):
        assert " ".join(item.formula.split()) in row[2]
        assert all(POLICY.parameter(key).title in row[3] for key in item.beside)
        assert row[4] == policy.cited(item.source)


def test_every_parameter_stands_with_value_unit_date_source_and_readers():
    rows = [texts(row, "*") for row in DICTIONARY.xpath("//table[@class='parameters']/tbody/tr")]
    by_key = {row[0].split()[-1]: row for row in rows}

    assert set(by_key) == {item.key for item in POLICY.parameters}
    for item in POLICY.parameters:
        _, value, unit, since, source, _ = by_key[item.key]
        assert (value, unit, since) == (item.shown, item.unit, str(item.holds_from))
        assert source.endswith(policy.cited(item.citation))
    assert "X12" in by_key["suspected_after"][5]


def test_an_older_value_of_a_parameter_is_kept(tmp_path):
    text = places.POLICY.read_text("utf-8")
    line = re.search(r".*key: visit_within.*", text)[0]
    path = tmp_path / "policy.yaml"
    path.write_text(
        text.replace(line, f"{line}\n{line.replace('value: 2', 'value: 1').replace('2023', '2025')}"), "utf-8"
    )
    page = dictionary.dictionary(SCHEMA, policy.load(path))
    rows = [texts(row, "*") for row in lxml.html.fromstring(page).xpath("//table[@class='parameters']/tbody/tr")]

    assert [row[1:4] for row in rows if "visit_within" in row[0].split()] == [
        ["2", "上课日", "2023-09-01"],
        ["1", "上课日", "2025-09-01"],
    ]


def test_every_rule_stands_in_both_pages():
    assert texts(DICTIONARY, "//section[@id='rules']//tbody/tr/th") == CODES
    assert [article.get("id") for article in RULES.xpath("//section[@id!='signals']//article")] == CODES
    for entry, article in zip(catalogue.entries(), RULES.xpath("//section[@id!='signals']//article"), strict=True):
        text = " ".join(article.text_content().split())
        assert all(" ".join(part.split()) in text for part in (entry.level, entry.says, entry.means, entry.fix))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[A-Z][0-9]*.md")), ids=lambda path: path.stem)
def test_the_catalogue_shows_where_the_example_is_wrong(path):
    (article,) = RULES.xpath(f"//article[@id='{path.stem}']")
    title = path.read_text("utf-8").splitlines()[0].removeprefix(f"# {path.stem} ")
    example = article.xpath(".//div[@class='example']")

    assert title in article.findtext("h3")
    assert example[0].xpath(".//tr[@class='hit'] | .//*[@class='marked']") or "报在：" in example[0].text_content()


def test_notation_of_the_tests_is_not_shown_to_staff():
    cells = texts(RULES, "//div[@class='example']//td")

    assert [cell for cell in cells if re.search(r"^['#∅]|\\u", cell) and not re.match(r"#[A-Z]", cell)] == []


def test_links_lead_somewhere():
    ids = {page: set(tree.xpath("//@id")) for page, tree in zip(PAGES, (DICTIONARY, RULES), strict=True)}
    for name, tree in zip(PAGES, (DICTIONARY, RULES), strict=True):
        for link in tree.xpath("//a/@href"):
            target, _, place = link.partition("#")
            target = unquote(target) or name
            assert target in PAGES
            assert not place or place in ids[target], link


def test_words_for_every_type_format_and_mark():
    assert set(dictionary.TYPES) == set(schema.TYPES)
    assert set(dictionary.FORMATS) == set(schema.FORMATS)
    assert set(dictionary.PERSONAL) == set(schema.PERSONAL)


def test_pages_are_the_same_each_time_and_name_no_address():
    again = {name: data.decode() for name, data in products.pages()}

    assert again == PAGES
    for page in PAGES.values():
        assert not re.search(r"https?://|@import|url\(|src=", page)


def test_no_markup_comes_from_a_text():
    """Whatever a declaration says is text: a hint with a bracket cannot become a tag."""
    page = dictionary.rules(SCHEMA, POLICY, {"X12": "# X12 <b>粗</b>\n\n<script>1</script>\n\n## 错\n"})

    assert "<b>" not in page
    assert page.count("<script>") == 1


# --- in a browser -----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("handbook")
    for name, page in PAGES.items():
        (made / name).write_text(page, "utf-8")
    return made


@pytest.fixture
def opened(browser, folder):  # noqa: F811
    """Opens a page of the handbook from disk; afterwards it must have asked for itself only and complained of nothing."""
    made = []

    def open_page(name, width=1200, **more):
        page = browser.new_page(viewport={"width": width, "height": 900}, **more)
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto((folder / name).as_uri())
        made.append((page, asked, said))
        return page

    yield open_page
    for page, asked, said in made:
        assert [url for url in asked if not url.startswith("data:")] == asked[:1]
        assert said == []
        page.close()


def shown(page, selector):
    return page.locator(f"{selector}:visible").count()


def test_a_clerk_finds_a_column_by_the_words_of_its_book_and_its_own(opened):
    page = opened(dictionary.DICTIONARY)
    everything = shown(page, ".items > *")

    page.fill("#find", "学籍 學號")
    assert shown(page, ".items > *") == 0
    page.fill("#find", " 花名册　出生日期 ")
    found = page.locator("tbody tr:visible th").all_inner_texts()
    assert "出生日期" in found
    assert page.locator("h3:visible").all_inner_texts() == ["学籍.xlsx"]
    page.fill("#find", "x12")
    assert "X12" in page.locator("tbody tr:visible th").all_inner_texts()
    page.fill("#find", "ｓｕｓｐｅｃｔｅｄ＿ａｆｔｅｒ")
    assert page.inner_text("#found") == "“ｓｕｓｐｅｃｔｅｄ＿ａｆｔｅｒ”：找到 1 条"
    page.fill("#find", "")
    assert shown(page, ".items > *") == everything == ITEMS


def test_what_is_typed_is_never_markup(opened):
    page = opened(dictionary.RULES)

    page.fill("#find", "<img src=x>")

    assert page.locator("#found img").count() == 0
    assert "<img src=x>" in page.inner_text("#found")


def test_without_a_script_everything_is_there(opened):
    page = opened(dictionary.DICTIONARY, java_script_enabled=False)

    assert shown(page, "#find") == 0
    assert shown(page, ".items > *") == ITEMS


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1200])
def test_it_fits_a_phone(opened, name, width):
    assert opened(name, width).evaluate("document.documentElement.scrollWidth") <= width


@pytest.fixture(scope="module")
def printed(browser, folder):  # noqa: F811
    """What pdfinfo says of each page's print, and the text of its sheets of paper."""
    found = {}
    for name in PAGES:
        page = browser.new_page()
        page.goto((folder / name).as_uri())
        page.pdf(path=folder / "x.pdf", prefer_css_page_size=True)
        page.close()
        said, text = (
            subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
            for command in (["pdfinfo", folder / "x.pdf"], ["pdftotext", "-layout", folder / "x.pdf", "-"])
        )
        found[name] = said, text.split("\f")[:-1]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_print_is_a4_with_page_numbers(printed, name):
    said, sheets = printed[name]

    assert "(A4)" in said
    for number, text in enumerate(sheets, 1):
        assert f"第 {number} 页，共 {len(sheets)} 页" in text


def test_a_table_that_runs_on_says_again_what_it_is(printed):
    again = [text for text in printed[dictionary.DICTIONARY][1] if re.search(r"学籍\.xlsx\s+学生花名册", text)]

    assert len(again) > 1
    assert all("填写提示" in text for text in again)


def test_every_signal_is_explained_with_its_numbers():
    found = RULES.xpath("//section[@id='signals']//article")

    assert [one.get("id") for one in found] == [one.code for one in SIGNALS]
    for one, article in zip(SIGNALS, found, strict=True):
        assert " ".join(one.explains.split()) in " ".join(article.text_content().split())
    assert "信号分(厌学) 3" in found[5].text_content()
