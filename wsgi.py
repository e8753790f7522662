"""The front gate: what a web server loads."""

from app import create_app

app = create_app()
