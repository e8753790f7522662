"""A form as a browser would send it: every field of the page with what stands in it."""

from __future__ import annotations

from html.parser import HTMLParser

UNSENT = ("submit", "button", "file", "image", "reset")


def form_with(page: str, field: str) -> dict[str, str]:
    """What the form of a page that asks for a field would send, untouched. Fails where there is no such form."""
    return next(sent for sent in forms_of(page) if field in sent)


def forms_of(page: str) -> list[dict[str, str]]:
    """What each form of a page would send, untouched."""
    reading = _Reading()
    reading.feed(page)
    return reading.forms


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self.sent: dict[str, str] = {}
        self.select = ""
        self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        name, value = facts.get("name") or "", facts.get("value") or ""
        if tag == "form":
            self.sent = {}
            self.forms.append(self.sent)
        elif tag == "input" and name and facts.get("type") not in UNSENT:
            if facts.get("type") not in ("checkbox", "radio") or "checked" in facts:
                self.sent[name] = facts.get("value", "on") or ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in facts or self.select not in self.sent):
            self.sent[self.select] = value
        elif tag == "textarea":
            self.textarea = name
            self.sent[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.sent[self.textarea] = self.sent[self.textarea].removeprefix("\r\n")  # as browsers read it
            self.textarea = ""

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.sent[self.textarea] += data
