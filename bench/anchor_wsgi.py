"""What the web server loads for the anchor."""

from bench.anchor import create_app

app = create_app()
