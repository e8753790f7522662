"""Phone numbers as people type them."""

DIGITS = frozenset("0123456789")


def tel_uri(number: str) -> str:
    """Return a typed phone number as an address to dial (RFC 3966): +49 (0) 8841/12-34 gives tel:+4988411234."""
    typed = number.strip()
    prefix = "+" if typed.startswith("+") else ""
    return f"tel:{prefix}" + "".join(char for char in (typed.replace("(0)", "") if prefix else typed) if char in DIGITS)
