"""Documents as files: PDF/A-3 with the e-invoice in it. The worker makes them in a child process of its own.

content.py composes what a document says, in the language of the ring; making.py hands that to the child process
(renderer.py), which alone imports the libraries of PDF and XML, and stores what comes back.
"""
