"""Stored experiments in, every derived file out. Building twice gives the same bytes.

What is derived is sealed: `summary.json` (`claims.json` for the pages over all experiments) carries a digest of all
that it is made from, the SHA-256 of the files beside it, and a checksum of itself. Where all of that fits nothing is
built, and none of pandas, scipy, matplotlib and jinja2 is imported; where anything does not, it is built again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from repro.analysis.figures import ExperimentSummary
from repro.config.article import Article
from repro.errors import UsageError
from repro.files import digest, pretty, sha256, write
from repro.report import REPORT_VERSION, text
from repro.results.stored import StoredExperiment

MARKS = {
    "README.md": "# Results\n\nPublished figures and claims against ours.",
    "report.html": "<title>Published experiments, run again</title>",
}
"""How the pages that a results folder may share with others begin."""

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


def current_summary(stored: StoredExperiment) -> ExperimentSummary | None:
    """What an experiment has come to, where all that is derived of it is as it was written and up to date."""
    content = _unsealed(stored.folder / SUMMARY, _made_from(stored))
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
    from repro.report import markdown
    from repro.report.plots import draw

    summary = summarize(stored)
    drawn = draw(summary, stored.frame)
    files = {f"{name}.svg": content for name, content in drawn.items()}
    files["table.md"] = markdown.experiment_page(summary, sorted(drawn)).encode()
    for name in text.PLOTS:  # a plot that there was before; of other files none is ours
        if f"{name}.svg" not in files:
            (stored.folder / f"{name}.svg").unlink(missing_ok=True)
    _write_sealed(stored.folder / SUMMARY, summary.model_dump(mode="json"), files, _made_from(stored))
    return summary


def current_index(
    out: Path, stored: Sequence[StoredExperiment], articles: Mapping[str, Article]
) -> list[ExperimentSummary] | None:
    """The summaries where every experiment and all pages over them are as they were written and up to date."""
    summaries = [current_summary(each) for each in stored]
    if any(summary is None for summary in summaries):
        return None
    if _unsealed(out / CLAIMS, _pages_made_from(stored, articles)) is None:
        return None
    return [summary for summary in summaries if summary]


def build_index(
    out: Path, stored: Sequence[StoredExperiment], articles: Mapping[str, Article], force: bool = False
) -> list[ExperimentSummary]:
    """Everything derived in a results folder: each experiment, the claims, `README.md` and `report.html`.

    `articles`: those of the experiments, by name. Without `force` only what is out of date or damaged is built. The
    caller holds the lock of `out`.
    """
    summaries = [build_experiment(each, force) for each in stored]
    made_from = _pages_made_from(stored, articles)
    if force or _unsealed(out / CLAIMS, made_from) is None:
        _write_pages(out, stored, summaries, articles, made_from)
    return summaries


def _write_pages(
    out: Path,
    stored: Sequence[StoredExperiment],
    summaries: Sequence[ExperimentSummary],
    articles: Mapping[str, Article],
    made_from: str,
) -> None:
    from repro.analysis.claims import ClaimResult
    from repro.report import html, markdown
    from repro.report.sections import Member, sections_of

    members = [Member(*each) for each in zip(stored, summaries, strict=True)]
    sections = sections_of(members, articles)
    results = TypeAdapter(tuple[ClaimResult, ...])
    claims = {section.name: results.dump_python(section.claims, mode="json") for section in sections}
    pages = {"README.md": markdown.index_page(sections).encode(), "report.html": html.page(sections).encode()}
    _write_sealed(out / CLAIMS, claims, pages, made_from)


def _made_from(stored: StoredExperiment) -> str:
    provenance = stored.provenance
    data = provenance.made.data.model_dump(mode="json")
    used = provenance.experiment.model_dump(mode="json"), provenance.made.engine, provenance.command, data
    return digest([REPORT_VERSION, provenance.runs, *used])


def _pages_made_from(stored: Sequence[StoredExperiment], articles: Mapping[str, Article]) -> str:
    known = {name: article.model_dump(mode="json") for name, article in articles.items()}
    return digest([REPORT_VERSION, [each.provenance.model_dump(mode="json") for each in stored], known])


def _write_sealed(path: Path, content: dict[str, Any], files: Mapping[str, bytes], made_from: str) -> None:
    """Write files, and last the one at `path`, beside them, that vouches for them and for its own content."""
    for name, data in files.items():
        write(path.parent / name, data)
    seal = {"made_from": made_from, "files": {name: sha256(files[name]) for name in sorted(files)}}
    checksum = digest([content, seal])
    write(path, pretty({"content": content, **seal, "checksum": checksum}))


def _unsealed(path: Path, made_from: str) -> dict[str, Any] | None:
    """The content of the file at `path`; None where it, or a file that it vouches for, is not as it was written."""
    try:
        stored = json.loads(path.read_bytes())
        seal = {key: stored[key] for key in ("made_from", "files")}
        whole = stored["checksum"] == digest([stored["content"], seal]) and stored["made_from"] == made_from
        same = whole and all(sha256((path.parent / name).read_bytes()) == sha for name, sha in stored["files"].items())
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return None
    content: dict[str, Any] = stored["content"]
    return content if same else None
