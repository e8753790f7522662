"""The desks: one folder, one blueprint each."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from flask import Blueprint, Flask

from app.wording import formats
from booking.kernel.late_methods import late_methods


def register_pages(app: Flask) -> None:
    """Register the blueprints of all desks."""
    app.jinja_env.filters.update(formats.FILTERS)
    for blueprint in load_desks():
        app.register_blueprint(blueprint)


def load_desks() -> list[Blueprint]:
    """Import every module of every desk, so that all pages have declared themselves, and return the blueprints.

    A desk is a package in this folder; its `__init__` holds the blueprint `bp`. A large one has rooms: packages in it.
    """
    with late_methods():
        desks = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__) if found.ispkg]
        for desk in desks:
            _load(desk)
    return [desk.bp for desk in desks]


def _load(package: ModuleType) -> None:
    """Import every module of a desk, and of its rooms."""
    for found in iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{found.name}")
        if found.ispkg:
            _load(module)
