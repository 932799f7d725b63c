"""The command line: one group, and every command of it."""

from __future__ import annotations

import click

from repro import __version__
from repro.cli import reading, training
from repro.cli.process import Commands


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="repro")
def main() -> None:
    """Re-run published machine-learning experiments over many seeds and judge the published figures.

    \b
    repro run configs/sonar_hidden.yaml    train, and print the article's figure against ours
    repro check                            has anything changed since the committed results?
    repro audit configs/sonar_hidden.yaml  what can be known before any run
    repro compare sonar_visible sonar_hidden
    repro list                             what there is
    repro show configs/sonar_hidden.yaml   the resolved experiment and its model

    Exit codes: 0 done, 1 regression found, 2 usage or configuration, 3 data, 4 machine, 5 a replica failed,
    6 check has not measured everything, 70 a fault of repro itself, 130 or 143 interrupted.
    """


for command in (
    *(training.run, training.check),
    *(reading.audit, reading.report, reading.compare, reading.list_, reading.show, reading.data, reading.schema),
):
    main.add_command(command)
