"""Training: experiments and seeds in, cell results out.

`randomness` and `plan` decide everything about a cell in NumPy; `stacked` and `plain` are the engines that carry the
plan out, and `engine` is what they share; `worker` is what runs in a worker process, `executor` hands the work out.
Importing this package does not import TensorFlow.
"""

TRAINING_VERSION = 2
"""Part of every fingerprint. Raise it with any change that moves trained numbers: cells are then trained again."""

ENGINE_VERSIONS = {"stacked": 1, "graph": 2, "keras": 2, "function": 1}
"""Part of the fingerprints of one engine's cells. Raise it instead where only that engine's numbers move."""
