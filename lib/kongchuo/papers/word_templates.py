"""A Word template filled with what a paper holds; what is wrong with a template is said in words that name it."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import ClassVar

import docx.opc.exceptions
import jinja2
from docx.document import Document
from docx.oxml.ns import qn
from docxtpl import DocxTemplate, RichText

from ..core import places
from ..core.findings import UserError
from .base import Linked

# --- What is wrong with the marks of a Word template, in words that quote the place: read before it is filled. Knows no paper ---
MARK = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")
FIELD = re.compile(r"^\{\{(?:(?:p|tr|tc|r)(?=\s))?(.*)\}\}$")
BLOCK = re.compile(r"^\{%-?(?P<unit>p|tr|tc|r)?(?=\s)\s*(?P<word>\w+)(?P<rest>.*?)-?%\}$")
STRAY = re.compile(r"[{}｛｝]")
CLOSES = {"endfor": "for", "endif": "if"}


def fault(document: Document, environment: jinja2.Environment) -> str | None:
    """The first thing wrong in body, header and footer, as “place”，what; None where the marks can be filled."""
    open_blocks: list[re.Match[str]] = []
    for text in _texts(document):
        stray = STRAY.search(MARK.sub(lambda mark: "\0" * len(mark[0]), text))
        if stray:
            return f"“{_near(text, stray.start())}”大括号不成对，或用了中文的大括号"
        for mark in MARK.findall(text):
            word = BLOCK.match(mark)
            if not _reads(mark, word, environment):
                return f"“{mark}”写错了"
            if word and word["word"] in CLOSES.values():
                open_blocks.append(word)
            elif word and word["word"] in CLOSES:
                if not open_blocks:
                    return f"“{mark}”前面没有和它成对的 {CLOSES[word['word']]}"
                begun = open_blocks.pop()
                if (begun["word"], begun["unit"]) != (CLOSES[word["word"]], word["unit"]):
                    return _open(begun)
    return _open(open_blocks[-1]) if open_blocks else None


def _open(begun: re.Match[str]) -> str:
    return f"“{begun[0]}”后面没有和它成对的 end{begun['word']}"


def _texts(document: Document) -> Iterator[str]:
    parts = [part for section in document.sections for part in (section.header, section.footer)]
    own = [part._element for part in parts if not part.is_linked_to_previous]  # asking for another would make it
    for element in (document.element.body, *own):
        for paragraph in element.iter(qn("w:p")):
            yield "".join(part.text or "" for part in paragraph.iter(qn("w:t")))


def _near(text: str, place: int) -> str:
    """What stands around a place of a template's own text."""
    return text[max(place - 6, 0) : place + 18].strip()


def _reads(mark: str, word: re.Match[str] | None, environment: jinja2.Environment) -> bool:
    """Whether one mark alone can be read."""
    if mark.startswith("{#"):
        return True
    if mark.startswith("{{"):
        text = "{{" + FIELD.sub(r"\1", mark) + "}}"
    elif not word or word["word"] not in (*CLOSES, *CLOSES.values(), "elif", "else"):
        return False
    elif word["word"] in CLOSES.values():
        text = f"{{% {word['word']}{word['rest']} %}}{{% end{word['word']} %}}"
    elif word["word"] == "elif":
        text = f"{{% if 1 %}}{{% elif{word['rest']} %}}{{% endif %}}"
    else:
        return not word["rest"].strip()
    try:
        environment.from_string(text)  # parses, and knows the filters
    except jinja2.TemplateSyntaxError:
        return False
    return True


# --- a template filled ------------------------------------------------------------------------------------------------
FOLDER = places.PARAMETERS / "papers"
REMEDY = "请用 Word 打开它照手册《打印材料》改好，或删掉这个文件再运行 kongchuo build，得到原来的模板"
PLAIN, LINK = "公文表内字", "公文链接"  # styles of letters that a template has
NAMED = re.compile(r"'([^']+)' is undefined|has no attribute '([^']+)'")


def path_of(template: str, folder: Path = FOLDER) -> Path:
    """Where a template lies: of the package's folder the office's own where it has one."""
    path = folder / f"{template}.docx"
    return path if folder != FOLDER else places.own(f"parameters/papers/{path.name}")


@cache
def text_of(path: Path) -> str:
    """All that is written in a template, one piece after the other; "" for what is none."""
    with suppress(OSError, zipfile.BadZipFile), zipfile.ZipFile(path) as package:
        inside = [package.read(name).decode("utf-8", "replace") for name in package.namelist() if name.endswith(".xml")]
        return re.sub("<[^>]*>", "", "\n".join(inside))
    return ""


def filled(template: str, context: Mapping[str, object], folder: Path = FOLDER) -> bytes:
    """The template (file name without ending) of a folder filled with a context.

    Raises UserError, naming the template, where it is missing, damaged, asks for something the paper does not know, or has a
    mark that cannot be read.
    """
    path = path_of(template, folder)
    if not path.is_file():
        raise UserError(f"没有模板“{path.name}”，请运行 kongchuo build 重新生成，或从备份放回 parameters/papers")
    made = io.BytesIO()
    try:
        document = _Template(path)
        document.init_docx()
        wrong = fault(document.docx, _environment())
        if wrong:
            raise UserError(f"模板“{path.name}”里的标记写错了：{wrong}；{REMEDY}")
        document.render(_written(context, document), _environment(), autoescape=True)
        document.save(made)
    except jinja2.UndefinedError as error:
        names = NAMED.search(str(error))
        name = next(filter(None, names.groups()), "") if names else str(error)
        raise UserError(f"模板“{path.name}”用了没有的变量“{name}”，请照手册《打印材料》改成有的变量，或删掉") from error
    except (jinja2.TemplateError, TypeError) as error:
        raise UserError(f"模板“{path.name}”里有填不出来的标记（双大括号里只写变量名）；{REMEDY}") from error
    except (docx.opc.exceptions.PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UserError(f"模板“{path.name}”打不开，不是完好的 Word 文件，请从备份放回") from error
    return made.getvalue()


class _Environment(jinja2.Environment):
    """Keeps what it has compiled: an office fills the same template for many schools, and a mark stands in many places."""

    _compiled: ClassVar[dict[str, jinja2.Template]] = {}

    def from_string(self, source: str) -> jinja2.Template:
        if source not in self._compiled:
            self._compiled[source] = super().from_string(source)
        return self._compiled[source]


@cache
def _environment() -> jinja2.Environment:
    return _Environment(undefined=jinja2.StrictUndefined, autoescape=True)


class _Template(DocxTemplate):
    """Does what depends on the template alone once, and what nothing calls for not at all."""

    _patched: ClassVar[dict[str, str]] = {}

    def patch_xml(self, src_xml: str) -> str:
        if src_xml not in self._patched:
            self._patched[src_xml] = super().patch_xml(src_xml)
        return self._patched[src_xml]

    def resolve_listing(self, xml: str) -> str:
        return super().resolve_listing(xml) if LISTED.search(xml) else xml


LISTED = re.compile(r"[\t\a\n\f]")  # what docxtpl makes tabs, paragraphs and breaks of


def _written(value: object, document: DocxTemplate) -> object:
    """The context with each Linked as text that Word can follow."""
    if isinstance(value, Linked):
        text = RichText()
        for words, address in value.parts:
            link = {"style": LINK, "url_id": document.build_url_id(address)} if address else {"style": PLAIN}
            text.add(words, **link)
        return text
    if isinstance(value, Mapping):
        return {name: _written(one, document) for name, one in value.items()}
    return [_written(one, document) for one in value] if isinstance(value, list) else value
