"""The typed shape of a data description: what a data set is, where its files are, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from repro.config.data_description.files import CifarBinary, Csv, Idx, Matlab, Npz, Sequences, Texts
from repro.config.data_description.generated import Synthetic
from repro.config.strict import Name, Strict, as_tuple
from repro.config.vocabulary.specs import SpecError
from repro.errors import shown

Kind = Csv | Idx | Npz | CifarBinary | Sequences | Matlab | Synthetic


class DataDescription(Strict):
    """One YAML file of `data/`, or one beside an experiment of one's own."""

    name: Name
    title: str = Field(min_length=1, max_length=200)
    licence: str = ""
    source: str = ""
    citation: str = ""
    note: str = Field("", max_length=3000)
    rows: int = Field(ge=1, description="rows of the training part: all rows where there is no test part")
    test_rows: int = Field(
        0, ge=0, description="rows of the test part: the last ones, where no file or array of its own holds it"
    )
    shape: Annotated[tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(as_tuple)] = Field(
        description="of one row: [4] is four numbers; [] is sequences of different lengths"
    )
    classes: int | None = Field(None, ge=2, description="how many classes there are; none where the target is a number")
    labels: Texts | None = Field(None, description="texts of the labels 0, 1, ... in a table")
    csv: Csv | None = None
    idx: Idx | None = None
    npz: Npz | None = None
    cifar_binary: CifarBinary | None = None
    sequences: Sequences | None = None
    matlab: Matlab | None = None
    scikit_learn: Synthetic | None = None
    folder: Path = Field(exclude=True)
    """Where the description lies; the loader fills it in."""

    def __hash__(self) -> int:
        return hash((self.path, *self.files.items()))

    @model_validator(mode="after")
    def _one(self) -> DataDescription:
        given = [key for key in KINDS if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of {', '.join(KINDS)}, got {' and '.join(given) or 'none'}")
        names = [part.path for part in self.kind.parts]
        if len(set(names)) < len(names):
            raise ValueError(f"expected different files, got {', '.join(names)}")
        if faults := list(self._faults()):
            raise SpecError("; ".join(map(str, faults)), faults=faults)
        return self

    def _faults(self) -> Iterator[SpecError]:
        """What does not fit together."""
        if self.labels is not None and self.csv is None:
            yield SpecError("expected it with csv only, whose labels are texts", ("labels",))
        elif self.labels is not None and len(set(self.labels)) < len(self.labels):
            yield SpecError("expected each label once", ("labels",))
        elif self.labels is not None and len(self.labels) != self.classes:
            yield SpecError(
                f"expected as many labels as there are classes, {self.classes}, got {len(self.labels)}", ("labels",)
            )
        if self.csv and self.csv.test and not self.test_rows:
            yield SpecError("expected how many rows csv.test has, got 0", ("test_rows",))
        if not isinstance(self.kind, Csv | Npz | Synthetic) and self.classes is None:
            yield SpecError(f"expected a number of classes with {self.key}, got none", ("classes",))
        if not isinstance(self.kind, Csv | Npz | Synthetic) and not self.test_rows:
            yield SpecError(f"expected the rows of the test part with {self.key}, got 0", ("test_rows",))
        if bool(self.shape) == isinstance(self.kind, Sequences):
            wanted = "[], since their lengths differ," if self.sequences else "the lengths of its axes"
            yield SpecError(f"expected {wanted} with {self.key}, got {shown(list(self.shape))}", ("shape",))

    @property
    def key(self) -> str:
        """The key that says how the data is read: csv, idx, ..."""
        return next(key for key in KINDS if getattr(self, key) is not None)

    @property
    def kind(self) -> Kind:
        """What is given under it."""
        found: Kind = getattr(self, self.key)
        return found

    @property
    def path(self) -> Path:
        """The description's own file."""
        return self.folder / f"{self.name}.yaml"

    @property
    def files(self) -> dict[str, str]:
        """File -> SHA-256 of its content, in the order in which they are read."""
        return {part.path: part.sha256 for part in self.kind.parts}


KINDS = ("csv", "idx", "npz", "cifar_binary", "sequences", "matlab", "scikit_learn")
"""Keys of a data description, one of which says how the data is read; no experiment or article has them."""
