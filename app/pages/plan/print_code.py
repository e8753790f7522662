"""The code on the printed plan, which leads to the current plan."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from zlib import crc32


@lru_cache(maxsize=16)
def qr_code(address: str) -> bytes:
    """Return an address as a small QR code: an SVG file without a size of its own."""
    import segno

    image = BytesIO()
    segno.make(address, error="m", micro=False).save(image, kind="svg", omitsize=True, border=0, xmldecl=False)
    return image.getvalue()


def version_of(address: str) -> str:
    """Return what tells the code of an address from that of another."""
    return f"{crc32(address.encode()):x}"
