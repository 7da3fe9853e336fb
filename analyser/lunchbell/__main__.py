"""`python -m lunchbell`."""

from lunchbell.cli.main import main

main(prog_name="lunchbell")
