"""`flask`, as it runs where web processes cannot share a port (macOS): granian supervises them."""

from __future__ import annotations

from flask.cli import main

from app.server import serve

serve.shares_port = lambda: False

if __name__ == "__main__":
    main()
