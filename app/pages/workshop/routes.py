"""All addresses of the manager's desk."""

from app.pages.workshop import bp, closures, inductions, places

__all__ = ["bp", "closures", "inductions", "places"]
