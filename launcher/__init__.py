"""What start.py does before the program can run, and the archive of its byte code. Standard library only."""
