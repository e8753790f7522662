"""Inductions as members see them: what one has, courses and seats, asking for one, certificates, attendance."""

from flask import Blueprint

bp = Blueprint("inductions", __name__)
