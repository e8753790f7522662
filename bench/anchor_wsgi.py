"""The WSGI application of the anchor."""

from bench.anchor import create_app

app = create_app()
