"""Records of the same seeds held against each other, to the last digit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from repro.results.records import SeedRecords


@dataclass(frozen=True)
class RecordDiff:
    """How many records there are of the seeds that both have, and how many differ."""

    records: int
    differing: int
    first: str
    """The first record that differs, and how; empty where none does."""


def compare_records(old: Mapping[int, SeedRecords], new: Mapping[int, SeedRecords]) -> RecordDiff:
    """Compare every record of every seed that is in both."""
    count, differing = 0, []
    for seed in sorted(old.keys() & new.keys()):
        for key in dict.fromkeys([*old[seed], *new[seed]]):
            count += 1
            values = old[seed].get(key), new[seed].get(key)
            if values[0] != values[1]:
                differing.append((seed, key, values))
    return RecordDiff(count, len(differing), _named(*differing[0]) if differing else "")


def _named(seed: int, key: tuple[str, ...], values: tuple[str | None, str | None]) -> str:
    fold, _, step, split, metric = key
    old, new = ("no record" if value is None else value for value in values)
    return f"seed {seed}, fold {fold}, step {step}, {split} {metric}: {old} -> {new}"
