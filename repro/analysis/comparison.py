"""A against B, from stored records alone: two experiments, or one before and after an upgrade."""

from __future__ import annotations

from dataclasses import dataclass

from repro.analysis.pairs import NotMatched, matched
from repro.analysis.record_diff import RecordDiff, compare_records
from repro.config.protocol import DRAWS
from repro.results.provenance import changes
from repro.results.stored import StoredExperiment
from repro.verdicts.claim import judge_claims
from repro.verdicts.types import ClaimInput, ClaimVerdict, Floats, Unpaired
from repro.verdicts.unpaired import compare_unpaired


@dataclass(frozen=True, eq=False)
class Comparison:
    """A metric of A and B on the judged split: (n,) values by seed of each, and what they say about each other."""

    a: StoredExperiment
    b: StoredExperiment
    metric: str
    split: str
    """That A is judged on."""
    values_a: Floats
    values_b: Floats
    paired: ClaimVerdict | None
    """A > B with no margin, seed by seed: its numbers are wanted, not its verdict. None where the runs are no pairs."""
    unpaired: Unpaired | None
    """There where `paired` is None."""
    why: str
    """Why they are paired, or not."""
    records: RecordDiff | None
    """Records of A and B to the last digit, where both are the same experiment."""
    differences: tuple[str, ...]
    """What of configuration, engine, data and environment is not the same."""

    @property
    def name_a(self) -> str:
        """The first experiment's name; its folder where the two lie in different results folders."""
        return self._told(self.a)

    @property
    def name_b(self) -> str:
        """The second experiment's, likewise."""
        return self._told(self.b)

    def _told(self, stored: StoredExperiment) -> str:
        return stored.name if self.a.folder.parent == self.b.folder.parent else str(stored.folder)


def compare_experiments(a: StoredExperiment, b: StoredExperiment, metric: str) -> Comparison:
    """Compare two experiments by a metric on the split that each is judged on.

    Raises ValueError where one has no seed with a valid value of it (its `values` are then empty).
    """
    pair, split = matched([a, b], metric), a.experiment.protocol.judged_split
    records = compare_records(a.records, b.records) if a.name == b.name else None
    differences = changes(a.provenance.conditions, b.provenance.conditions)
    if isinstance(pair, NotMatched):
        why = f"not paired: {f'they differ in {pair.unlike}' if pair.unlike else 'they have no seed in common'}"
        values_a, values_b = a.values(metric), b.values(metric)
        unpaired = compare_unpaired(values_a, values_b)
        return Comparison(a, b, metric, split, values_a, values_b, None, unpaired, why, records, differences)
    (verdict,) = judge_claims([ClaimInput(pair.values, (1.0, -1.0), "greater", 0.0, pair.correct)])
    same = "random stream" if split == DRAWS else "data, split and order"
    why = f"paired by seed: same {same}"
    if pair.left_out:
        noun = "seed is" if len(pair.left_out) == 1 else "seeds are"
        why += f"; {len(pair.left_out)} {noun} left out, not finite or not there in both"
    return Comparison(a, b, metric, split, pair.values[0], pair.values[1], verdict, None, why, records, differences)
