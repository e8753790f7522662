"""The ring's icons for tabs and home screens, and its web manifest: the mark of Ringbuch on the ring's colour."""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from pathlib import Path

from flask import Response, abort, current_app, url_for
from flask.typing import ResponseReturnValue

from app.accent import accent_family, is_colour
from app.auth.permissions import EVERYBODY
from app.pages.declaration import page
from app.pages.frame import CACHED_FOR_GOOD
from app.pages.home import bp
from app.ring_card import ring_card

SIZES = (180, 192, 512)
PAPER = "#f6f4ef"  # behind a starting web app, as --paper of tokens.css
SHORT_NAME = 12  # characters that fit below an icon
MARK = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="{ground}"/>'
    '<g transform="translate(4 4)" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round">'
    '<path d="M12 4.2a6.4 6.4 0 1 0 5.5 3.1M12 19.8a6.4 6.4 0 0 0 6.4-6.4"/><path d="M12 4.2h6.2v6"/></g></svg>\n'
)


@page(bp, "/icons/<string(length=6):colour>.svg", access=EVERYBODY, before_second_factor=True, before_setup=True)
def tab_icon(colour: str) -> ResponseReturnValue:
    """Return the icon of a tab."""
    return _cached(MARK.format(ground=_ground(colour)).encode(), "image/svg+xml")


@page(
    bp,
    "/icons/<string(length=6):colour>-<int:size>.png",
    access=EVERYBODY,
    before_second_factor=True,
    before_setup=True,
)
def app_icon(colour: str, size: int) -> ResponseReturnValue:
    """Return the icon of a home screen; its mark lies in the zone that no mask cuts off."""
    ground = _ground(colour)
    if size not in SIZES:
        abort(404)
    return _cached(_recoloured(size, ground), "image/png")


@page(bp, "/manifest.webmanifest", access=EVERYBODY, before_second_factor=True, before_setup=True)
def manifest() -> ResponseReturnValue:
    """Return what a phone needs to put the ring on its home screen."""
    card = ring_card()
    icons = [
        {
            "src": url_for("home.app_icon", colour=card.colour[1:], size=size),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in SIZES[1:]
        for purpose in ("any", "maskable")
    ]
    content = {
        "name": card.name,
        "short_name": card.name if len(card.name) <= SHORT_NAME else "Ringbuch",
        "start_url": url_for("home.show"),
        "scope": url_for("home.show"),
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": accent_family(card.colour)["hero"][0],
        "icons": icons,
    }
    response = current_app.json.response(content)
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _ground(colour: str) -> str:
    if not is_colour(f"#{colour}"):
        abort(404)
    return accent_family(f"#{colour}")["hero"][0]


def _cached(content: bytes, media_type: str) -> Response:
    response = current_app.response_class(content, mimetype=media_type)
    response.headers["Cache-Control"] = CACHED_FOR_GOOD
    return response


@lru_cache(maxsize=16)
def _recoloured(size: int, ground: str) -> bytes:
    """Return the stored icon with a palette from the ground's colour to white: no picture is drawn."""
    stored = (Path(current_app.static_folder or "") / "img" / f"icon-{size}.png").read_bytes()
    at = stored.index(b"PLTE")
    length = struct.unpack(">I", stored[at - 4 : at])[0]
    from_colour = tuple(int(ground[i : i + 2], 16) for i in (1, 3, 5))
    palette = bytes(
        round(part + (255 - part) * stored[at + 4 + 3 * shade] / 255)
        for shade in range(length // 3)
        for part in from_colour
    )
    chunk = b"PLTE" + palette
    return stored[:at] + chunk + struct.pack(">I", zlib.crc32(chunk)) + stored[at + 8 + length :]
