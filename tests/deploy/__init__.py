"""The files of deploy/ with the programs that they are written for, run by hand: see deploy/README.md."""
