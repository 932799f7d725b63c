"""Verdicts over variants: a grid of named values over the same seeds, and readings of what an article leaves open.

What is claimed about a grid becomes a `ClaimInput` on some of its points, so that `judge_claims` judges it among the
other claims of its article. Arrays are (k points, n seeds), column s of one seed.
"""
