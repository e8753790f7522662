"""Tasks in the background: requests that take longer than a page may, carried out by the worker.

A page that finds that its request is long hands it over (deferral.py): the request is a row (models.py), the worker
claims it, carries it out as the login that sent it and keeps the response (app/worker/background_tasks.py), and the
browser looks at a bar meanwhile (app/pages/tasks). Knows no page.
"""
