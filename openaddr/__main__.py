"""`python -m openaddr` is the `openaddr` command."""

from openaddr.cli import main

main()
