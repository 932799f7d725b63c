"""How data is split, and when and on which rows a model is evaluated."""

from __future__ import annotations

from repro.config.protocol.draws import DRAWS, Draws
from repro.config.protocol.evaluation import Evaluated, EvaluatedAtSteps, Validation
from repro.config.protocol.kinds import FixedSplit, HoldOut, KFold, NoSplit, SplitsFrom, StratifiedKFold
from repro.config.protocol.protocol import Protocol

__all__ = [
    "DRAWS",
    "Draws",
    "Evaluated",
    "EvaluatedAtSteps",
    "FixedSplit",
    "HoldOut",
    "KFold",
    "NoSplit",
    "Protocol",
    "SplitsFrom",
    "StratifiedKFold",
    "Validation",
]
