"""Log in and out, forgotten passwords, invitations."""

from flask import Blueprint

bp = Blueprint("auth", __name__)
