"""Training: a resolved experiment and a seed in, metrics of every replica out.

`randomness` and `plan` decide everything about a cell in NumPy; `stacked` and `plain` are the two engines that carry
the plan out; `worker` is what runs in a worker process. Importing this package does not import TensorFlow.
"""

TRAINING_VERSION = 2
"""Part of every fingerprint. Raise it with any change that moves trained numbers: cells are then trained anew."""
