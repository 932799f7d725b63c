"""CIFAR-10's binary version: records of a label byte and 3,072 pixels, the red plane first, then green, then blue.

Source: A. Krizhevsky, "The CIFAR-10 dataset", section on the binary version.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from repro.config.data_description import DataDescription
from repro.datasets.base import Contents, Parts
from repro.datasets.formats.parts import check_rows, part
from repro.errors import DataError, suggest

SHAPE = (32, 32, 3)
_RECORD = 1 + 32 * 32 * 3


def parse(description: DataDescription, contents: Contents) -> Parts:
    """Images as uint8, (rows, 32, 32, 3). The archive is read in memory: nothing is extracted.

    Raises DataError for an archive that is damaged or lacks a file, and for records that are not as described.
    """
    assert description.cifar_binary is not None
    ((file, content),) = contents.items()
    name, source = f"{description.name}/{file}", description.cifar_binary
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            train, test = (
                _records(archive, files, rows, description, name)
                for files, rows in ((source.train, description.rows), (source.test, description.test_rows))
            )
    except (EOFError, OSError, tarfile.TarError, zlib.error) as error:
        raise DataError(f"{name}: expected a tar archive: {error}") from None
    return tuple(part(description, _images(each), each[:, 0], name) for each in (train, test))  # type: ignore[return-value]


def _records(
    archive: tarfile.TarFile, files: Sequence[str], rows: int, description: DataDescription, name: str
) -> NDArray[np.uint8]:
    """(rows, 3073): the records of some files, one after the other."""
    members = {member.name: member for member in archive.getmembers() if member.isfile()}
    for file in files:
        if file not in members:
            raise DataError(f"{name}: expected a file {file!r} in the archive; {suggest(file, members)}")
        if members[file].size % _RECORD:
            raise DataError(f"{name}, {file}: expected records of {_RECORD} bytes, got {members[file].size} bytes")
    check_rows(description, sum(members[file].size for file in files) // _RECORD, rows, name)
    opened = [archive.extractfile(members[file]) for file in files]
    content = b"".join(stream.read() for stream in opened if stream)
    return np.frombuffer(content, np.uint8).reshape(rows, _RECORD)


def _images(table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width, channels = SHAPE
    return table[:, 1:].reshape(len(table), channels, height, width).transpose(0, 2, 3, 1)
