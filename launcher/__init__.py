"""What start.py does before the program can run: checks, private environment, packages. Standard library only."""
