"""The commands of the ring as they run where web processes cannot share a port (macOS): granian supervises them."""

from __future__ import annotations

from app.server import serve
from wsgi import app

serve.shares_port = lambda: False

if __name__ == "__main__":
    app.cli()
