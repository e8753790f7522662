"""The web: everything that knows Flask, human languages or the clock."""

from app.factory import create_app

__all__ = ["create_app"]
