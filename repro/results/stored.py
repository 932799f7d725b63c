"""An experiment as it lies in a results folder: read once, and carried from there to the last page."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from repro.config.schema import AnyExperiment
from repro.config.strict import HIGHER_IS_BETTER
from repro.config.variation.references import label_of
from repro.config.variation.variants import variants_of
from repro.errors import MachineError
from repro.files import sha256
from repro.results import correct, records
from repro.results.correct import CORRECT, CorrectRows, read_correct
from repro.results.provenance import Provenance, read_provenance
from repro.results.records import CellResult, SeedRecords
from repro.verdicts.types import Floats

if TYPE_CHECKING:
    from pandas import DataFrame

RUNS = "runs.csv"


@dataclass(frozen=True, eq=False)
class StoredExperiment:
    """One experiment of a results folder, with the records that its provenance vouches for."""

    folder: Path
    provenance: Provenance
    runs: str
    """The text of `runs.csv`."""
    correct: bytes
    """The content of `correct.npz`."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of a variant: the value of each axis, as text. Its records are those that an experiment by itself would have."""

    @property
    def name(self) -> str:
        """The experiment's name, which is that of its folder; a variant's as claims name it."""
        return f"{self.folder.name}[{self.label}]" if self.labels else self.folder.name

    @property
    def label(self) -> str:
        """Of a variant: `rate=0.2, width=60`."""
        return label_of(self.labels)

    @cached_property
    def variants(self) -> tuple[StoredExperiment, ...]:
        """Each variant as an experiment of its own; the experiment itself where it has none.

        Only they have figures: what is stored of an experiment with variants is records of different experiments.
        """
        found = variants_of(self.experiment)
        if not self.experiment.axes:
            return (self,)
        runs = records.of_variants(self.runs, [each.labels for each in found])
        rows = correct.of_variants(self.correct, len(found))
        seconds = self.provenance.made.cell_seconds / len(found)
        made = self.provenance.made.model_copy(update={"cell_seconds": seconds})
        return tuple(
            StoredExperiment(
                self.folder,
                self.provenance.model_copy(update={"experiment": each.experiment, "made": made}),
                own,
                right,
                each.labels,
            )
            for each, own, right in zip(found, runs, rows, strict=True)
        )

    @cached_property
    def main(self) -> StoredExperiment | None:
        """The variant that is the experiment as its file has it; the experiment itself where it has no variants."""
        found = zip(variants_of(self.experiment), self.variants, strict=True)
        return next((stored for variant, stored in found if variant.main), None)

    @property
    def experiment(self) -> AnyExperiment:
        """The experiment as it was run."""
        return self.provenance.experiment

    @cached_property
    def frame(self) -> DataFrame:
        """The records as a table with the columns of `runs.csv`."""
        return runs_frame(self.runs)

    @cached_property
    def records(self) -> dict[int, SeedRecords]:
        """The records by seed, as they are written."""
        return records.records_by_seed(self.runs)

    @cached_property
    def correct_rows(self) -> CorrectRows:
        """Which rows each seed predicted right at the judged evaluation."""
        return read_correct(self.correct)

    @cached_property
    def _valid(self) -> dict[tuple[str, str], DataFrame]:
        """What `valid` has been asked for: tables, pages, plots and claims ask for the same."""
        return {}

    def valid(self, metric: str, split: str | None = None) -> DataFrame:
        """A metric at the judged evaluation, of the judged split by default: one row a valid seed, a column a fold.

        Of the split `gap` by how much the training rows fare better than the judged ones. To be read and not to be
        changed.
        """
        protocol = self.experiment.protocol
        asked = (metric, split or protocol.judged_split)
        if asked == (metric, "gap"):
            trained, judged = self.valid(metric, "train"), self.valid(metric)
            return trained - judged if metric in HIGHER_IS_BETTER else judged - trained
        if asked not in self._valid:
            self._valid[asked] = valid_seeds(self.frame, *asked, protocol.judged_step)
        return self._valid[asked]

    def values(self, metric: str, split: str | None = None) -> Floats:
        """(n,) what `valid` has of each seed: the mean over its folds."""
        return np.asarray(self.valid(metric, split).mean(axis=1), np.float64)

    @property
    def seconds(self) -> float:
        """Training time of one seed, on average."""
        return self.provenance.made.cell_seconds / max(1, sum(len(each.records) for each in self.variants))

    @property
    def knows_rows(self) -> bool:
        """Whether `correct_rows` can say which rows were right: all seeds are judged on the same rows, of classes."""
        return self.provenance.made.data.knows_rows(self.experiment)

    @property
    def tested_rows(self) -> int:
        """Rows that the judged figure is measured on: the test part, or every row once in a cross-validation.

        0 for given splits, which only their files tell.
        """
        data = self.provenance.made.data
        return self.experiment.protocol.tested_rows(data.rows, data.test_rows)


def by_name(stored: Iterable[StoredExperiment]) -> dict[str, StoredExperiment]:
    """Stored experiments and their variants, as claims name them; by an experiment's own name its `main` variant."""
    found: dict[str, StoredExperiment] = {}
    for each in stored:
        found |= {variant.name: variant for variant in each.variants}
        found |= {each.name: each.main} if each.main else {}
    return found


def stored_names(out: Path) -> list[str]:
    """Names of the experiments with records in a results folder, sorted."""
    if not out.is_dir():
        return []
    return sorted(path.parent.name for path in out.glob(f"*/{RUNS}"))


def read_stored(out: Path, name: str) -> StoredExperiment:
    """A stored experiment. Raises MachineError where a file is missing, damaged or not ours."""
    folder = out / name
    provenance = read_provenance(folder)
    runs, right = (
        _vouched_for(folder / file, expected, provenance)
        for file, expected in ((RUNS, provenance.runs), (CORRECT, provenance.correct))
    )
    file = RUNS
    try:
        stored = StoredExperiment(folder, provenance, runs.decode(), right)
        for each in stored.variants:
            _ = each.records
        file = CORRECT
        for each in stored.variants:
            rows, expected = each.correct_rows.rows.shape[1], each.tested_rows if each.knows_rows else 0
            if rows != expected:
                raise ValueError(f"expected {expected} test rows, got {rows}")
    except ValueError as error:  # vouched for by somebody else
        raise MachineError(f"{folder / file}: {error}; run the experiment again") from error
    return stored


def _vouched_for(path: Path, expected: str, provenance: Provenance) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise MachineError(f"{path}: missing; run the experiment first") from None
    if sha256(content) != expected:
        raise MachineError(
            f"{path}: not as it was written (expected SHA-256 {expected}, got {sha256(content)}); "
            f"`{provenance.command} -o {shlex.quote(str(path.parent.parent))}` makes it again"
        )
    return content


def find_stored(out: Path, name: str) -> StoredExperiment | None:
    """A stored experiment, None where there is none that can be used."""
    try:
        return read_stored(out, name)
    except (MachineError, OSError):
        return None


def runs_frame(runs: str) -> DataFrame:
    """The raw records in the text of a `runs.csv`."""
    import pandas as pd

    kinds = {"experiment": str, "split": str, "metric": str, "status": str}
    return pd.read_csv(io.StringIO(runs), dtype=kinds)


def cells_frame(cells: list[CellResult]) -> DataFrame:
    """Cells that are not stored, in the columns that values are read from."""
    import pandas as pd

    rows = [
        (cell.seed, r.fold, r.epoch, r.step, r.split, r.metric, r.value, cell.diverged.get(r.fold, "ok"))
        for cell in cells
        for r in cell.records
    ]
    return pd.DataFrame(rows, columns=["seed", "fold", "epoch", "step", "split", "metric", "value", "status"])


def per_seed(frame: DataFrame, metric: str, split: str, step: int | None = None) -> DataFrame:
    """The metric at a step, by default each replica's last evaluation: one row a seed, one column a fold."""
    import pandas as pd

    rows = frame[(frame["metric"] == metric) & (frame["split"] == split)]
    rows = rows if step is None else rows[rows["step"] == step]
    (seeds, i), (folds, j) = (np.unique(rows[key].to_numpy(), return_inverse=True) for key in ("seed", "fold"))
    at, values = rows["step"].to_numpy(), rows["value"].to_numpy()
    last = np.full((len(seeds), len(folds)), -1, at.dtype)
    np.maximum.at(last, (i, j), at)
    judged = at == last[i, j]
    table = np.full(last.shape, np.nan)
    table[i[judged], j[judged]] = values[judged]
    index, columns = pd.Index(seeds, name="seed"), pd.Index(folds, name="fold")
    return pd.DataFrame(
        table, index, columns, copy=False
    )  # pandas' copy has its columns together: means round otherwise


def valid_seeds(frame: DataFrame, metric: str, split: str, step: int | None = None) -> DataFrame:
    """`per_seed` without the seeds that lack a fold, have a figure that is not finite, or a replica that diverged.

    The accuracy of a model whose loss is not a number is finite and says nothing: no verdict rests on it.
    """
    table = per_seed(frame, metric, split, step)
    diverged = frame.loc[frame["status"] != "ok", "seed"].unique()
    return table[np.isfinite(table).all(axis=1) & ~table.index.isin(diverged)]
