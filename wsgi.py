"""The WSGI application that a web server loads."""

import gc

# What is loaded now is never freed; garbage collection meanwhile would take a quarter of the start time, and the first
# one afterwards 0.1 s, unless what is loaded is frozen.
gc.disable()

from app import create_app  # noqa: E402
from app.server.bodies import BodyRules  # noqa: E402
from app.server.body_guard import BodyGuard  # noqa: E402

app = create_app()
app.wsgi_app = BodyGuard(app.wsgi_app, BodyRules.of(app.config))
gc.freeze()
gc.enable()
