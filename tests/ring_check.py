"""`ring check` for tests, after races above all."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.storage.audits import AUDITS, run_audit


def ring_check(session: Session) -> dict[str, list[str]]:
    """Return the audits that find a broken promise; not `migrations`, which takes long: no race changes the schema."""
    names = AUDITS.keys() - {"migrations"}
    broken = {name: [str(one) for one in run_audit(session, name) if one.is_broken] for name in names}
    return {name: found for name, found in broken.items() if found}
