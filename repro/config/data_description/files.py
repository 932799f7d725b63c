"""Kinds of data that lie in files: which files, their checksums, and how they are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator, model_validator

from repro.config.strict import FileName, Strict, as_tuple
from repro.config.vocabulary.specs import SpecError
from repro.errors import shown

_SHA256 = re.compile(r"[0-9a-f]{64}")


def _sha256(value: object) -> object:
    if isinstance(value, str) and not _SHA256.fullmatch(value):
        raise ValueError(f"expected a SHA-256, 64 of 0-9 and a-f, got {shown(value)}")
    return value


Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Column = str | int
"""A column of a table: its name where there is a header, or its number from 0."""

Sha256 = Annotated[str, BeforeValidator(_sha256)]


class HashedFile(Strict):
    """A file: beside the description where one lies there, else in the cache of downloads."""

    path: FileName
    sha256: Sha256 = Field(description="of the content, as it is or uncompressed where it is gzipped")

    @field_validator("path")
    @classmethod
    def _inside(cls, value: str) -> str:
        if Path(value).is_absolute() or ".." in Path(value).parts or "\\" in value:
            raise ValueError(f"expected a file in the folder of the description or below, got {shown(value)}")
        return value


class DataFile(HashedFile):
    """A file, and where it can be had."""

    urls: Texts = Field((), description="where the file can be fetched; {file} stands for its name")

    @property
    def parts(self) -> tuple[HashedFile, ...]:
        """The files, in the order in which their contents are read."""
        return (self,)


class Csv(DataFile):
    """A table of text: one row of the data a line, one column the label or target."""

    header: bool = Field(False, description="whether the first line names the columns")
    separator: str = Field(",", min_length=1, max_length=10, description="a character, or 'whitespace'")
    label: Column = Field("last", description="the label's or target's column: first, last, its name or number")
    drop: Annotated[tuple[Column, ...], BeforeValidator(as_tuple)] = Field((), description="columns to leave out")
    categories: dict[Column, Texts] = Field(
        default_factory=dict, description="of columns of text: column -> its values, which become vectors with one 1"
    )
    missing: Texts = Field((), description="texts that stand for a missing value, besides an empty one")
    drop_missing: bool = Field(False, description="leave out the rows in which a value is missing")
    test: HashedFile | None = Field(None, description="a second file of the same columns: the test part")

    @field_validator("separator")
    @classmethod
    def _separates(cls, value: str) -> str:
        if value != "whitespace" and (len(value) != 1 or value in '"\r\n'):
            raise ValueError(f"expected one character or whitespace, got {shown(value)}")
        return value

    @model_validator(mode="after")
    def _columns(self) -> Csv:
        for column in [] if self.header else [self.label, *self.drop, *self.categories]:
            if isinstance(column, str) and column not in ("first", "last"):
                raise ValueError(f"expected the number of a column where there is no header, got {shown(column)}")
        for column, values in self.categories.items():
            if len(set(values)) < max(2, len(values)):
                raise SpecError("expected two or more values, each once", ("categories", str(column)))
        return self

    @property
    def parts(self) -> tuple[HashedFile, ...]:
        """The files, in the order in which their contents are read."""
        return (self, self.test) if self.test else (self,)


class Idx(Strict):
    """The four files of MNIST's format."""

    urls: Texts = Field((), description="where they can be fetched: {file} stands for a name; or an npz of all four")
    train_images: HashedFile
    train_labels: HashedFile
    test_images: HashedFile
    test_labels: HashedFile

    @property
    def parts(self) -> tuple[HashedFile, ...]:
        """The files, in the order in which their contents are read."""
        return (self.train_images, self.train_labels, self.test_images, self.test_labels)


class Npz(DataFile):
    """NumPy's archive of arrays; nothing in it is ever unpickled."""

    x: str = "x_train"
    y: str = "y_train"
    x_test: str | None = None
    y_test: str | None = None

    @model_validator(mode="after")
    def _both(self) -> Npz:
        if (self.x_test is None) != (self.y_test is None):
            raise ValueError("expected both or neither of x_test and y_test, got one")
        return self


class CifarBinary(DataFile):
    """A tar archive of CIFAR-10's binary version: records of a label byte and 3,072 pixels, plane by plane."""

    train: Texts = Field(min_length=1, description="files in the archive")
    test: Texts = Field(min_length=1, description="files in the archive")


class Sequences(DataFile):
    """Keras' imdb.npz and reuters.npz: rows are lists of word numbers of different lengths."""


class Matlab(Strict):
    """SVHN's format: MATLAB files with `X` (height, width, channels, rows) and `y`, in which 10 stands for digit 0."""

    urls: Texts = Field((), description="where the files can be fetched; {file} stands for a name")
    train: HashedFile
    test: HashedFile

    @property
    def parts(self) -> tuple[HashedFile, ...]:
        """The files, in the order in which their contents are read."""
        return (self.train, self.test)
