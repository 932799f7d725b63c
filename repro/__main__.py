"""`python -m repro`."""

from repro.cli.app import main

main()
