"""What is wrong with the marks of a Word template, in words that quote the place: read before it is filled. Knows no paper."""

from __future__ import annotations

import re
from collections.abc import Iterator

import jinja2
from docx.document import Document
from docx.oxml.ns import qn

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
    own = [
        part._element for part in parts if not part.is_linked_to_previous
    ]  # asking one that is not there would make it
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
