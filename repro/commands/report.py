"""Bring tables and pages up to date, from the stored records alone."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from repro.config.article import Article
from repro.config.catalogue import Catalogue, shipped_article
from repro.errors import ConfigError, UsageError
from repro.files import locked
from repro.report.build import Index, build_index, current_index
from repro.results.stored import StoredExperiment, read_stored, stored_names


def report(out: Path, catalogue: Catalogue) -> Index:
    """Build everything that is derived in a results folder again. Raises UsageError where there is no such folder."""
    if not out.is_dir():
        raise UsageError(f"{out}: no such results folder; `repro run CONFIG` makes one")
    return rebuild(out, catalogue, force=True)


def rebuild(out: Path, catalogue: Catalogue, known: Sequence[StoredExperiment] = (), force: bool = False) -> Index:
    """Bring everything that is derived in a results folder up to date, or, with `force`, build all of it again.

    `known` has been read or written by this command already, under the folder's lock or just now. Raises MachineError
    for records that can't be read, ConfigError for an article, BusyError where another run is at work.
    """
    if not force:
        stored = _all_stored(out, known)
        current = current_index(out, stored, _articles(stored, catalogue))
        if current is not None:
            return current
    with locked(out):
        stored = _all_stored(out, known)
        return build_index(out, stored, _articles(stored, catalogue), force)


def _all_stored(out: Path, known: Sequence[StoredExperiment]) -> list[StoredExperiment]:
    there = {stored.name: stored for stored in known}
    return [there[name] if name in there else read_stored(out, name) for name in stored_names(out)]


def _articles(stored: Sequence[StoredExperiment], catalogue: Catalogue) -> dict[str, Article]:
    """The articles that the pages speak of, by name.

    Those of the stored experiments, whether they come with repro or a run has kept them; and of those that lie beside
    them in repro the ones with a claim about nothing but stored experiments, whoever has them.
    """
    names = sorted({each.experiment.article for each in stored if each.experiment.article})
    files = {name: path for name in names if (path := shipped_article(name))}
    known = {name: catalogue.article(path) for name, path in files.items()}
    known |= _beside({path.parent for path in files.values()}, {each.name for each in stored}, catalogue)
    return known | {
        name: each.provenance.article
        for each in stored
        if (name := each.experiment.article) and each.provenance.article
    }


def _beside(folders: Collection[Path], stored: set[str], catalogue: Catalogue) -> dict[str, Article]:
    """Articles in some folders that speak of what is stored; one that is broken is in nobody's way."""
    found = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.yaml")):
        with contextlib.suppress(ConfigError):
            article = catalogue.article(path)
            if article.speaks_of(stored):
                found[article.name] = article
    return found
