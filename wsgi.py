"""The front gate: what a web server loads."""

import gc

# What is loaded now stays; looking for rubbish in between would cost a quarter of the start.
gc.disable()

from app import create_app  # noqa: E402

app = create_app()
gc.enable()
