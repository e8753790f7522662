"""Settings under which gunicorn serves the ring; options of its command line win over them."""

import os

worker_class = "gthread"
workers = int(os.environ.get("RINGBUCH_WEB_PROCESSES") or 2)  # of instance/config.py it knows nothing
threads = 32  # a thread that waits for a slow client costs little
# gunicorn believes SCRIPT_NAME and PATH_INFO as headers of whoever connects from this machine, and HAProxy passes on
# what a visitor sends: every link of the page, and the redirect to the log-in, would begin with it.
forwarder_headers = ""


def post_fork(_server, worker) -> None:  # type: ignore[no-untyped-def]
    """Tell the program how many threads it has, before it is loaded."""
    os.environ["RINGBUCH_SERVER_THREADS"] = str(worker.cfg.threads)
