"""The child process that makes the files of documents; app/documents/making.py starts it.

It reads contents from its input, one JSON object a line, and answers each by one line of JSON: the PDF and the XML in
base64, or the text of an error. It knows no database. The libraries of PDF and XML are loaded here and in no server.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from app.background.process_limits import limit_process

FOLDER = Path(__file__).resolve().parent
TEMPLATE, FONTS, FONT = FOLDER / "template.typ", FOLDER / "fonts", FOLDER / "fonts" / "figtree-regular.ttf"
STANDARD = "a-3b"
MEMORY_BYTES_MAX = 2 * 1024**3  # addresses; a usual document takes 0.3 GB of them and 50 MB of memory
LEVEL = {False: "EN 16931", True: "XRECHNUNG"}


class Renderer:
    """Makes files one after the other: the template is compiled once."""

    def __init__(self) -> None:
        import typst

        fonts: list[Any] = [str(FONTS)]
        self._compiler = typst.Compiler(str(TEMPLATE), font_paths=fonts, ignore_system_fonts=True)

    def files(self, content: dict[str, Any]) -> tuple[bytes, bytes]:
        """Return the PDF and the XML of a document; without XML for a statement. The same content gives the same."""
        pdf = self.pdf(content)
        if not content["has_xml"]:
            return pdf, b""
        from app.documents.einvoice import invoice_xml

        xml = invoice_xml(content)
        return _with_xml(pdf, xml, content), xml

    def pdf(self, content: dict[str, Any], **options: Any) -> bytes:
        """Return the pages of a document as PDF/A-3b, or as its options say (format="png")."""
        from app.documents.giro_code import giro_code_svg
        from app.documents.glyphs import printable

        page = dict(content["page"])
        normal = json.loads(unicodedata.normalize("NFC", json.dumps(page, ensure_ascii=False)))
        shown = printable(normal, FONT) | {"code": giro_code_svg(content["code"]) if content["code"] else ""}
        wanted = options or {"format": "pdf", "pdf_standards": [STANDARD]}
        return self._compiler.compile(sys_inputs={"document": json.dumps(shown)}, **wanted)  # type: ignore[return-value]


def _with_xml(pdf: bytes, xml: bytes, content: dict[str, Any]) -> bytes:
    """Return a PDF with its e-invoice inside, dated to the day of the document, so that its bytes never differ."""
    from drafthorse import pdf as attaching

    issued = datetime.fromisoformat(content["issued_on"])

    class DayOfIssue(datetime):
        """The clock that the library reads."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> DayOfIssue:
            """Return the day of issue."""
            return cls(issued.year, issued.month, issued.day, tzinfo=tz)

    attaching.datetime = DayOfIssue
    metadata = {
        "author": content["seller"]["name"],
        "title": f"{content['page']['title']} {content['number']}",
        "subject": content["number"],
        "creator": "Ringbuch",
        "producer": "Ringbuch",
        "keywords": "Factur-X",
    }
    level = LEVEL[bool(content["buyer"]["leitweg_id"])]
    return bytes(attaching.attach_xml(pdf, xml, level, metadata, lang=content["page"]["language"]))


def answers(lines: Iterable[str]) -> Iterable[dict[str, str]]:
    """Yield the answer to each line of input."""
    import typst
    from lxml.etree import LxmlError

    renderer = Renderer()
    for line in lines:
        content = json.loads(line)
        try:
            pdf, xml = renderer.files(content)
        except (typst.TypstError, LxmlError, ArithmeticError, LookupError, ValueError) as error:
            yield {"error": f"{type(error).__name__}: {error}"[:2_000]}
        else:
            yield {"pdf": b64encode(pdf).decode(), "xml": b64encode(xml).decode()}


def main() -> None:
    """Answer each line of the input on the output, at once, until nobody reads the answers."""
    limit_process(MEMORY_BYTES_MAX)
    try:
        for answer in answers(sys.stdin):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    except BrokenPipeError:  # the worker has ended meanwhile
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it ends
