"""The HTML part of a mail says what its text says, and nothing that a person wrote becomes markup or a link."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from app.mail.html_part import html_part
from app.mail.letter import FACTS, ITEMS, LINK, QUOTE, URLS, WORDS, headline, letter_of
from app.mail.message import build_message
from app.mail.outgoing import OutgoingMail, Sender

SITE = "https://ring.example"
SENDER = Sender("Ring <b>", "ring@ring.example", "", SITE, "#7a1f3d")
BODY = f"""Hello Anna,

This is reserved for you:

Machine: Harvester
Workshop: Hall
Time: Tue 9 March, 7:30 to 11:35

Purpose:
> Barley <script>
> {SITE}/reservations/1

I do not need it: the link leads to a button. It works once.
{SITE}/not-needed/secret

- one: a
- two: b

You can ask again. See it here:

{SITE}/reservations/7

--{" "}
Ring <b>
You do not want them? Switch them off here, without logging in:
{SITE}/mails/off
"""
MAIL = OutgoingMail(
    1,
    "key",
    "anna@ring.example",
    "Anna",
    "Reminder: Harvester, Tue 9 March, 7:30 to 11:35",
    BODY,
    None,
    datetime(2026, 11, 29, tzinfo=UTC),
    1,
)
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Reads HTML: its links, words and elements, each of which must be closed in order."""

    def __init__(self, html):
        super().__init__()
        self.links, self.words, self.elements, self.open = {}, [], set(), []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        assert not {"src", "background"} & {name for name, _value in attrs}
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("href")))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if not self.open or self.open[-1][0] in ("style", "title"):
            return
        self.words += data.split()
        if self.open[-1][1]:
            self.links[self.open[-1][1]] = data


def page_of(body=BODY, **values):
    return Page(html_part(replace(MAIL, body=body, **values), SENDER))


def test_the_text_is_taken_apart_by_its_lines():
    letter = letter_of(BODY, SITE)

    assert [part.kind for part in letter.parts] == [
        WORDS, WORDS, FACTS, WORDS, QUOTE, WORDS, LINK, ITEMS, WORDS, LINK
    ]  # fmt: skip
    assert letter.parts[2].pairs[0] == ("Machine", "Harvester")
    assert letter.parts[4].lines == ("Barley <script>", f"{SITE}/reservations/1")
    assert letter.parts[8].lines == ("You can ask again.",)  # the button says "See it here:"
    assert [part.kind for part in letter.signature] == [WORDS, LINK]


def test_the_html_has_each_link_once_with_what_it_does_and_no_file():
    page = page_of()

    assert page.links == {
        f"{SITE}/not-needed/secret": "I do not need it",
        f"{SITE}/reservations/7": "See the reservation",
        f"{SITE}/mails/off": "You do not want them? Switch them off here, without logging in",
    }
    assert not page.elements & {"img", "link", "script", "b", "form", "iframe", "object"}
    html = html_part(MAIL, SENDER)
    assert html.count("/not-needed/secret") == 1
    assert "background:#" in html
    assert "7:30 – 11:35" in html
    assert "Harvester</h1>" in html


def test_a_link_that_signs_up_is_the_large_button_and_not_the_page_behind_it():
    body = f"Sign up by one button:\n{SITE}/sign-up/secret\n\nSee it here:\n\n{SITE}/inductions/courses/7\n"
    html = html_part(replace(MAIL, body=body), SENDER)

    buttons = {one.split("<")[0].rpartition(">")[2]: "background:#" in one for one in html.split("<a href=")[1:]}
    assert buttons == {"Sign up": True, "See the course": False}


def test_both_parts_of_the_message_have_a_one_use_link_once_and_the_text_as_it_was():
    message = build_message(MAIL, SENDER)

    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    plain, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    assert plain == BODY
    assert [part.count("/not-needed/secret") for part in (plain, html)] == [1, 1]


@pytest.mark.parametrize(
    "word",
    [
        "https://evil.example/",
        f"{SITE}.evil.example/x",
        "javascript:alert(1)",
        "<a href='https://evil.example'>here</a>",
        '"><img src=x>',
        "</style><script>alert(1)</script>",
        "{{ 7 * 7 }}",
        "\N{RIGHT-TO-LEFT MARK}&#x202e;",
    ],
)
@pytest.mark.parametrize("before", ["", "> ", "- ", "Machine: ", "See ", "\n-- \n"])
def test_what_a_person_wrote_is_shown_and_does_nothing(word, before):
    page = page_of(f"Hello,\n\n{before}{word}\n", subject=f"Confirmed: {word}", to_name=word)

    assert page.links == {}
    assert not page.elements & {"img", "script", "a"}
    assert "".join(word.split()) in "".join(page.words)


def test_several_links_after_one_sentence_are_told_apart_by_their_addresses():
    letter = letter_of(f"Accept it here:\n{SITE}/reservations/1\n\n{SITE}/reservations/2\n\nOther\n", SITE)

    assert [part.kind for part in letter.parts] == [WORDS, URLS, WORDS]
    assert page_of(f"Accept it here:\n{SITE}/a\n{SITE}/b\n").links == {
        f"{SITE}/a": f"{SITE}/a",
        f"{SITE}/b": f"{SITE}/b",
    }


def test_a_condition_stays_before_its_button_and_an_address_in_a_sentence_is_a_link():
    page = page_of(
        f"You see it here: {SITE}/account.\n\nIf it was not you, choose a new one now:\n\n{SITE}/password/x\n"
    )

    assert page.links == {f"{SITE}/account": f"{SITE}/account", f"{SITE}/password/x": "Choose a new password"}
    assert "If" in page.words


@pytest.mark.parametrize("body", ["", "\n", "-- \n", "\n-- \n", "> ", "- ", ": ", f"{SITE}/", "a\n\n\nb"])
def test_any_text_has_an_html_part(body):
    page_of(body, subject="", tone="good")


@pytest.mark.parametrize("answer", ["offered", "proposed"])
def test_the_answers_to_offers_are_the_large_buttons(answer):
    body = f"A: b.\n{SITE}/{answer}/x\n\nC: d.\n{SITE}/{answer}/y\n\nElse:\n{SITE}/reservations\n"
    *large, small = html_part(replace(MAIL, body=body), SENDER).split("Accept or decline</a>")

    assert len(large) == 2
    assert all("background:#" in one.rpartition("<a ")[2] for one in large)
    assert "border:1px" in small.partition("</a>")[0]


def test_a_heading_begins_with_a_capital_though_the_subject_went_on_after_a_colon():
    assert headline("Agreed: the workshop decides on your swap") == ("Agreed", "The workshop decides on your swap")
