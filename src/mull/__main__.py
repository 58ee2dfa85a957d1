"""`python -m mull` is the `mull` command."""

from mull.cli.main import main

main()
