"""The web: everything that knows Flask, human languages or the clock."""

from booking.kernel.late_methods import late_methods

with late_methods():
    from app.factory import create_app

__all__ = ["create_app"]
