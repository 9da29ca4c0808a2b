"""A Word template filled with what a paper holds; what is wrong with a template is said in words that name it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import docx.opc.exceptions
import jinja2
from docxtpl import DocxTemplate, RichText

from ...core.findings import UserError
from ...core.places import PARAMETERS
from . import proofing
from .base import Linked

FOLDER = PARAMETERS / "papers"
REMEDY = "请用 Word 打开它照手册《打印材料》改好，或删掉这个文件再运行 kongchuo build，得到原来的模板"
PLAIN, LINK = "公文表内字", "公文链接"  # styles of letters that a template has
NAMED = re.compile(r"'([^']+)' is undefined|has no attribute '([^']+)'")


def filled(template: str, context: Mapping[str, object], folder: Path = FOLDER) -> bytes:
    """The template (file name without ending) of a folder filled with a context.

    Raises UserError, naming the template, where it is missing, damaged, asks for something the paper does not know, or has a
    mark that cannot be read.
    """
    path = folder / f"{template}.docx"
    if not path.is_file():
        raise UserError(f"没有模板“{path.name}”，请运行 kongchuo build 重新生成，或从备份放回 parameters/papers")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    made = io.BytesIO()
    try:
        document = DocxTemplate(path)
        document.init_docx()
        wrong = proofing.fault(document.docx, environment)
        if wrong:
            raise UserError(f"模板“{path.name}”里的标记写错了：{wrong}；{REMEDY}")
        document.render(_written(context, document), environment, autoescape=True)
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


def _written(value: object, document: DocxTemplate) -> object:
    """The context with each Linked as text that Word can follow."""
    if isinstance(value, Linked):
        text = RichText()
        for words, address in value.parts:
            text.add(
                words, style=LINK if address else PLAIN, url_id=document.build_url_id(address) if address else None
            )
        return text
    if isinstance(value, Mapping):
        return {name: _written(one, document) for name, one in value.items()}
    return [_written(one, document) for one in value] if isinstance(value, list) else value
