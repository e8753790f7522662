"""The catalogue: all machines, a page for each, and the managers' forms for their own."""
