"""The components of the design system on one page, for those who build pages and those who choose the ring's colour."""

from flask import Blueprint

bp = Blueprint("styleguide", __name__, url_prefix="/styleguide")
