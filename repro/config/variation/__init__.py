"""Experiments that vary: their axes, their variants, and how one of them is named."""
