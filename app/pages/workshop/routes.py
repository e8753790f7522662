"""All addresses of the manager's desk."""

from app.pages.workshop import closures, inductions, places
from app.pages.workshop.blueprint import bp

__all__ = ["bp", "closures", "inductions", "places"]
