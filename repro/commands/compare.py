"""A against B, from stored records alone: two experiments, or one before and after an upgrade."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from repro.analysis.comparison import Comparison, compare_experiments
from repro.config.variation.references import reference
from repro.config.variation.variants import find_variant
from repro.errors import UsageError, suggest
from repro.report import text
from repro.results.stored import RUNS, StoredExperiment, read_stored, stored_names


@dataclass(frozen=True)
class Folders:
    """Two results folders held against each other."""

    comparisons: tuple[Comparison, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]


def compare(a: str, b: str, out: Path, metric: str | None) -> Comparison | Folders:
    """Compare two experiments, or two results folders experiment by experiment.

    `a` and `b` name experiments stored in `out` (a variant as `NAME[AXIS=VALUE]`), folders of stored experiments, or
    results folders. Without a `metric` it is the main one of each first experiment. Raises UsageError for anything
    else, and where nothing can be compared.
    """
    first, second = _experiment(a, out), _experiment(b, out)
    if first and second:
        return _compared(first, second, metric)
    if first is None and second is None and stored_names(Path(a)) and stored_names(Path(b)):
        return _folders(Path(a), Path(b), metric)
    for given, found in ((a, first), (b, second)):
        if found is None and not stored_names(Path(given)):
            there = stored_names(out)
            hint = suggest(given, there) if there else f"nothing is stored in {out}"
            raise UsageError(f"expected an experiment stored in {out} or a results folder, got {given!r}; {hint}")
    raise UsageError(f"expected two experiments or two results folders, got one of each: {a} and {b}")


def _experiment(given: str, out: Path) -> StoredExperiment | None:
    """The experiment, or the variant of one, that is meant."""
    plain, bracket, labels = given.partition("[")
    for folder in (out / plain, Path(plain)):
        if (folder / RUNS).is_file():
            return _variant(read_stored(folder.parent, folder.name), f"{folder.name}{bracket}{labels}")
    return None


def _variant(stored: StoredExperiment, named: str) -> StoredExperiment:
    try:
        labels = reference(named).labels
    except ValueError as error:
        raise UsageError(str(error)) from None
    found = find_variant(stored.experiment, labels)
    if isinstance(found, str):
        raise UsageError(f"{stored.folder}: {found}")
    return next(each for each in stored.variants if each.labels == found.labels)


def _compared(a: StoredExperiment, b: StoredExperiment, metric: str | None) -> Comparison:
    metric = metric or a.experiment.main
    for each in (a, b):
        if not len(each.values(metric)):
            name = text.figure_name(metric, each.experiment.protocol.judged_split)
            raise UsageError(f"{each.folder}: no seed has a valid {name}, so there is nothing to compare")
    return compare_experiments(a, b, metric)


def _folders(a: Path, b: Path, metric: str | None) -> Folders:
    in_a, in_b = stored_names(a), stored_names(b)
    both = [name for name in in_a if name in in_b]
    if not both:
        raise UsageError(f"expected an experiment that is in both {a} and {b}, found none")
    pairs = [pair for name in both for pair in _same(read_stored(a, name), read_stored(b, name))]
    comparisons = (_compared(first, second, metric) for first, second in pairs)
    only_a = tuple(name for name in in_a if name not in in_b)
    return Folders(tuple(comparisons), only_a, tuple(name for name in in_b if name not in in_a))


def _same(a: StoredExperiment, b: StoredExperiment) -> list[tuple[StoredExperiment, StoredExperiment]]:
    """The variants that both have."""
    there = {each.label: each for each in b.variants}
    return [(each, there[each.label]) for each in a.variants if each.label in there]
