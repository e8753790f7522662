"""Variants of a tariff in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _


def without_text(names: Sequence[str]) -> str:
    """Return that something is without some variants."""
    return _("without “%(variants)s”", variants=", ".join(names))
