"""Stored experiments in, every derived file out. Building twice gives the same bytes.

What is derived is sealed by `summary.json` (`claims.json` for the pages over all experiments and the articles' plots).
Where all of that fits nothing is built, and none of pandas, scipy, matplotlib and jinja2 is imported; where anything
does not, it is built again.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from repro.analysis.figures import ExperimentSummary
from repro.config.article import Article
from repro.errors import UsageError
from repro.files import digest
from repro.report import REPORT_VERSION
from repro.report.answer import Answer, answer_of
from repro.report.seal import unsealed, write_sealed
from repro.results.stored import StoredExperiment

MARKS = {
    "README.md": "# Results\n\nPublished figures and claims against ours.",
    "report.html": "<title>Published experiments, run again</title>",
}
"""How the pages that a results folder may share with others begin."""

ANSWERS = TypeAdapter(tuple[Answer, ...])

SUMMARY, CLAIMS = "summary.json", "claims.json"


def check_folder(out: Path) -> None:
    """Raises UsageError where results can't go to `out`: a file, or a folder whose pages are somebody else's."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: expected a folder for results, got a file")
    for name, mark in MARKS.items():
        page = out / name
        if not page.is_file():
            continue
        with page.open(encoding="utf-8", errors="replace") as file:
            if mark not in file.read(1000):
                message = f"{page}: not made by repro, which would replace it; give results a folder of their own"
                raise UsageError(message)


def prepare() -> None:
    """Import what building takes, pandas, scipy, matplotlib and jinja2 among it: for a thread, while others train.

    An import that fails does so again where it is needed. At the end of the process there is nothing to prepare for.
    """
    with contextlib.suppress(Exception):
        for name in ("analysis.summarize", "report.experiment_page", "report.plots", "report.html"):
            if threading.main_thread().is_alive():
                importlib.import_module(f"repro.{name}")


def current_summary(stored: StoredExperiment) -> ExperimentSummary | None:
    """What an experiment has come to, where all that is derived of it is as it was written and up to date."""
    content = unsealed(stored.folder / SUMMARY, _made_from(stored))
    try:
        return None if content is None else ExperimentSummary.model_validate_json(json.dumps(content))
    except ValidationError:  # sealed by somebody else
        return None


def build_experiment(stored: StoredExperiment, force: bool = False) -> ExperimentSummary:
    """Everything derived of one experiment; without `force`, only where it is out of date or damaged.

    The caller holds the lock of the results folder.
    """
    if not force and (before := current_summary(stored)):
        return before
    from repro.analysis.summarize import summarize
    from repro.report.experiment_page import experiment_page
    from repro.report.plots import draw

    summary = summarize(stored)
    drawn = draw(summary, stored)
    files = {f"{name}.svg": content for name, content in drawn.items()}
    files["table.md"] = experiment_page(summary, sorted(drawn)).encode()
    write_sealed(stored.folder / SUMMARY, summary.model_dump(mode="json"), files, _made_from(stored))
    return summary


@dataclass(frozen=True)
class Index:
    """What all that is stored in a results folder has come to."""

    summaries: tuple[ExperimentSummary, ...]
    answers: tuple[Answer, ...]
    """Of each article, in the order of the pages."""


def current_index(out: Path, stored: Sequence[StoredExperiment], articles: Mapping[str, Article]) -> Index | None:
    """The index where every experiment and all pages over them are as they were written and up to date."""
    summaries = tuple(summary for each in stored if (summary := current_summary(each)))
    answers = _current_answers(out, _pages_made_from(stored, articles)) if len(summaries) == len(stored) else None
    return None if answers is None else Index(summaries, answers)


def _current_answers(out: Path, made_from: str) -> tuple[Answer, ...] | None:
    """The answers where all pages over the experiments are as they were written and up to date."""
    content = unsealed(out / CLAIMS, made_from)
    try:
        return None if content is None else ANSWERS.validate_python(content["answers"])
    except (ValidationError, KeyError, TypeError):  # sealed by somebody else
        return None


def build_index(
    out: Path, stored: Sequence[StoredExperiment], articles: Mapping[str, Article], force: bool = False
) -> Index:
    """Everything derived in a results folder: each experiment, the claims, the pages and the articles' plots.

    `articles`: those of the experiments, and others with claims about them, by name. Without `force` only what is out
    of date or damaged is built. The caller holds the lock of `out`.
    """
    summaries = tuple(build_experiment(each, force) for each in stored)
    made_from = _pages_made_from(stored, articles)
    answers = None if force else _current_answers(out, made_from)
    return Index(summaries, _write_pages(out, stored, summaries, articles, made_from) if answers is None else answers)


def _write_pages(
    out: Path,
    stored: Sequence[StoredExperiment],
    summaries: Sequence[ExperimentSummary],
    articles: Mapping[str, Article],
    made_from: str,
) -> tuple[Answer, ...]:
    from repro.analysis.claims import ClaimResult
    from repro.report.html import page
    from repro.report.index_page import index_pages
    from repro.report.plots import draw_article
    from repro.report.sections import Member, sections_of

    members = [Member(*each) for each in zip(stored, summaries, strict=True)]
    sections = sections_of(members, articles)
    answers = tuple(answer_of(section) for section in sections)
    results = TypeAdapter(tuple[ClaimResult, ...])
    claims = {section.name: results.dump_python(section.claims, mode="json") for section in sections}
    content = {"answers": ANSWERS.dump_python(answers, mode="json"), "claims": claims}
    drawn = {section.name: draw_article(section) for section in sections if section.members}
    pages = {name: content.encode() for name, content in index_pages(sections).items()}
    pages["report.html"] = page(sections, drawn).encode()
    pages |= {f"{name}.svg": content for name, content in drawn.items()}
    write_sealed(out / CLAIMS, content, pages, made_from)
    return answers


def _made_from(stored: StoredExperiment) -> str:
    provenance = stored.provenance
    data = provenance.made.data.model_dump(mode="json")
    used = provenance.experiment.model_dump(mode="json"), provenance.made.engine, provenance.command, data
    resolution = provenance.resolution.value, provenance.resolution.reason
    return digest([REPORT_VERSION, provenance.runs, *used, *resolution])


def _pages_made_from(stored: Sequence[StoredExperiment], articles: Mapping[str, Article]) -> str:
    known = {name: article.model_dump(mode="json") for name, article in articles.items()}
    return digest([REPORT_VERSION, [each.provenance.model_dump(mode="json") for each in stored], known])
