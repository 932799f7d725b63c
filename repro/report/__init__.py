"""Verdicts in; Markdown, plots and pages out: nothing is judged here, and all of it can be built again."""

REPORT_VERSION = 8
"""Raise it when a page or table changes its form: stored ones are then rebuilt by the next command."""
