"""The GiroCode of a document (EPC069-12, version 2): banking apps read the transfer from it."""

from __future__ import annotations

import io

AMOUNT_CENTS_MAX = 99_999_999_999
NAME_LENGTH_MAX, TEXT_LENGTH_MAX = 70, 140


def giro_code_text(name: str, iban: str, cents: int, reference: str) -> str:
    """Return what the code says. cents: above zero; as text, because a number would be cut to two decimals."""
    if not 0 < cents <= AMOUNT_CENTS_MAX:
        raise ValueError(f"a transfer of {cents} cents")
    lines = ["BCD", "002", "1", "SCT", "", _plain(name, NAME_LENGTH_MAX), iban]
    return "\n".join([*lines, f"EUR{cents // 100}.{cents % 100:02}", "", "", _plain(reference, TEXT_LENGTH_MAX)])


def giro_code_svg(text: str) -> str:
    """Return the code as SVG; error correction M, as the standard demands."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", encoding="utf-8", micro=False).save(out, kind="svg", border=4, scale=4, xmldecl=False)
    return out.getvalue().decode()


def _plain(text: str, length: int) -> str:
    return " ".join(text.split())[:length].strip()
