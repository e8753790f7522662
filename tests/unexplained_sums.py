"""Sums of money on a page: those that lead to no reason (no link, no working), and where the links lead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import html

SUM = re.compile(r"-?\d[\d.]*,\d\d\s?€")
NOTHING = re.compile(r"-?0,00\s?€")  # there is no reason to show


def unexplained_sums(page: str) -> list[str]:
    """Return each sum of a German page with the words around it, in their order."""
    (main,) = html.fromstring(page).xpath("//main")
    found = []
    for owner, text in _texts(main):
        if SUM.search(NOTHING.sub("", text)) and not _is_explained(owner):
            around = owner if owner.tag not in {"b", "dd", "td", "span"} else owner.getparent()
            found.append(" ".join(around.text_content().split()))
    return found


def linked_sums(page: str, *, outside: str) -> list[tuple[str, str]]:
    """Return each sum that is a link of its own with where it leads, but for the sums of the section with this id."""
    (main,) = html.fromstring(page).xpath("//main")
    found = []
    for link in main.xpath(".//a[@href][not(ancestor::section[@aria-labelledby = $outside])]", outside=outside):
        found += [(link.get("href"), one) for one in SUM.findall(link.text_content())]
    return found


def _texts(main: html.HtmlElement) -> Iterator[tuple[html.HtmlElement, str]]:
    for one in main.iter():
        if isinstance(one.tag, str):
            yield one, one.text or ""
        if one is not main:
            yield one.getparent(), one.tail or ""


def _is_explained(owner: html.HtmlElement) -> bool:
    return any(_explains(one) for one in (owner, *owner.iterancestors()))


def _explains(one: html.HtmlElement) -> bool:
    """Return whether this is a link, a working that opens, a line with a link, or the sum of such lines."""
    if one.tag == "tfoot":
        return all(line.xpath(".//a[@href]") for line in one.xpath("../tbody/tr"))
    if one.get("class") == "sum":
        return all(line.xpath(".//a[@href]") for line in one.xpath("../*[not(@class = 'sum')]"))
    is_line = one.tag in {"tr", "li"} or (one.tag == "div" and one.getparent().tag == "dl")
    return one.tag in {"a", "details"} or (is_line and bool(one.xpath(".//a[@href]"))) or _is_of_a_chart(one)


def _is_of_a_chart(one: html.HtmlElement) -> bool:
    """Return whether this is the legend or the sentence of a chart that has its figures as a table below it."""
    of_chart = "legend" in one.get("class", "").split() or one.xpath("preceding-sibling::*[1][self::svg]")
    return bool(of_chart and one.xpath("ancestor::section[1]//details//table"))
