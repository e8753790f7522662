"""The public face of the ring, and the signs of life for operators."""

from flask import Blueprint

bp = Blueprint("home", __name__)
