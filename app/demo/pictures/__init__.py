"""Drawings of the demo's machines, made for it and free like the rest; small files, the same bytes every time."""

from __future__ import annotations

from pathlib import Path


def picture_of(slug: str) -> bytes:
    """Return the drawing of a machine, a WebP of 960 by 600 pixels and less than 25 kB."""
    return (Path(__file__).parent / f"{slug}.webp").read_bytes()


def card_of(slug: str) -> bytes:
    """Return the drawing at half its size."""
    return (Path(__file__).parent / f"{slug}-c.webp").read_bytes()


def thumb_of(slug: str) -> bytes:
    """Return the middle of the drawing, 112 pixels square."""
    return (Path(__file__).parent / f"{slug}-t.webp").read_bytes()
