"""Layers that draw random numbers: what they share, and those with weights of their own."""
