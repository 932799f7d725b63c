"""Stored results in, verdicts on them out. Verdicts are carried as they are; nothing here prints or draws."""
