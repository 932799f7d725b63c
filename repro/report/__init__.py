"""Stored records in; Markdown, CSV, JSON, plots and pages out. Everything here can be deleted and built again."""

REPORT_VERSION = 4
"""Raise it when a page or table changes its form: stored ones are then rebuilt by the next command."""
