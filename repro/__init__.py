"""Re-run published machine-learning experiments over many seeds and judge the published figures."""

__version__ = "0.1.0"
