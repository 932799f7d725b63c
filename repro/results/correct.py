"""`correct.npz`: which rows each seed predicted right at the judged evaluation, seeds x rows, as packed bits.

What a difference of two accuracies is worth on other rows of data is a question of rows, which no accuracy answers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repro.errors import one_line
from repro.results.records import CellResult

CORRECT = "correct.npz"


@dataclass(frozen=True, eq=False)
class CorrectRows:
    """`rows`: bool (seeds, rows of the test data), whether the seed of that place in `seeds` predicted the row right.

    In a cross-validation each row of the data set is tested once a seed, in one of its folds.
    """

    seeds: tuple[int, ...]
    rows: NDArray[np.bool_]

    def of(self, seeds: Iterable[int]) -> NDArray[np.bool_] | None:
        """The lines of some seeds, (n, rows), in their order; None where one is missing."""
        place = {seed: index for index, seed in enumerate(self.seeds)}
        wanted = [place.get(seed) for seed in seeds]
        return None if None in wanted else self.rows[np.array(wanted, np.intp)]

    def same(self, other: CorrectRows, seed: int) -> bool:
        """Whether a seed predicted the same rows right in both; so too where neither knows."""
        mine, theirs = self.of([seed]), other.of([seed])
        return np.array_equal(mine, theirs) if mine is not None and theirs is not None else mine is theirs


def rows_of(cells: Iterable[CellResult], rows: int) -> CorrectRows:
    """What cells that are tested on so many rows predicted right; a seed that failed is left out."""
    seeds, packed = _packed(cells, rows)
    return CorrectRows(tuple(seeds), _unpacked(packed, rows))


def correct_npz(variants: Sequence[Iterable[CellResult]], rows: int) -> bytes:
    """The file for the cells of each variant, all tested on so many rows; a seed that failed is not in it.

    Uncompressed, and so the same bytes for the same cells whatever library packs them. Where there are several
    variants an array tells which one each seed is of.
    """
    each = [_packed(cells, rows) for cells in variants]
    of = np.repeat(np.arange(len(each)), [len(seeds) for seeds, _ in each])
    seeds = np.array([seed for found, _ in each for seed in found], np.int64)
    return _saved(seeds, rows, np.concatenate([packed for _, packed in each]), of if len(each) > 1 else None)


def of_variants(content: bytes, count: int) -> list[bytes]:
    """The file of each of so many variants, as `correct_npz` writes it of an experiment without variants.

    Raises ValueError for content that is no such file.
    """
    arrays = _arrays(content, ("seeds", "rows", "correct", "variants"))
    seeds, rows, packed, of = (arrays[name] for name in ("seeds", "rows", "correct", "variants"))
    if of.dtype.kind != "i" or not of.shape == seeds.shape == packed.shape[:1] or not np.isin(of, range(count)).all():
        raise ValueError(f"expected the number of a variant below {count} with each seed")
    return [_saved(seeds[of == each], int(rows), packed[of == each], None) for each in range(count)]


def _saved(seeds: NDArray[np.int64], rows: int, packed: NDArray[np.uint8], of: NDArray[np.int64] | None) -> bytes:
    more = {} if of is None else {"variants": of}
    with io.BytesIO() as file:
        np.savez(file, seeds=seeds, rows=np.int64(rows), correct=packed, **more)  # type: ignore[arg-type]
        return file.getvalue()


def _packed(cells: Iterable[CellResult], rows: int) -> tuple[list[int], NDArray[np.uint8]]:
    known = sorted((cell for cell in cells if cell.correct), key=lambda cell: cell.seed)
    packed = np.zeros((len(known), -(-rows // 8)), np.uint8)
    for line, cell in zip(packed, known, strict=True):
        line[:] = np.frombuffer(cell.correct, np.uint8)
    return [cell.seed for cell in known], packed


def _unpacked(packed: NDArray[np.uint8], rows: int) -> NDArray[np.bool_]:
    return np.unpackbits(packed, axis=1, count=rows).astype(np.bool_)


def read_correct(content: bytes) -> CorrectRows:
    """What a file holds; nothing in it is ever unpickled, nor unpacked to more than its size.

    Raises ValueError for content that is no such file.
    """
    arrays = _arrays(content, ("seeds", "rows", "correct"))
    seeds, rows, packed = (arrays[name] for name in ("seeds", "rows", "correct"))
    if (seeds.dtype.kind, seeds.ndim, rows.dtype.kind, rows.ndim) != ("i", 1, "i", 0) or rows < 0:
        raise ValueError("expected whole numbers, a list of seeds and how many rows")
    if len(np.unique(seeds)) < len(seeds):
        raise ValueError("expected each seed once")
    count = int(rows)
    if packed.dtype != np.uint8 or packed.shape != (len(seeds), -(-count // 8)):
        raise ValueError(f"expected {len(seeds)} lines of {count} packed bits, got {packed.dtype} {packed.shape}")
    return CorrectRows(tuple(int(seed) for seed in seeds), _unpacked(packed, count))


def _arrays(content: bytes, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("expected arrays that are not compressed, got compressed ones")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, KeyError, EOFError, zipfile.BadZipFile, RuntimeError, MemoryError) as error:
        expected = f"{', '.join(names[:-1])} and {names[-1]}"
        raise ValueError(f"expected the arrays {expected}, got {one_line(str(error))}") from error
