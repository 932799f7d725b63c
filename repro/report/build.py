"""Stored records on disk in, every derived file out. Building twice gives the same bytes.

Derived files are told to be up to date by a digest of all that they are made from: an experiment's is kept in its
`summary.json`, that of the pages over all experiments in `claims.json`. With both unchanged nothing is built, and none
of pandas, scipy, matplotlib and jinja2 is imported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from repro.config import load_article
from repro.datasets.base import sha256
from repro.errors import MachineError, UsageError
from repro.lock import locked
from repro.records import digest, pretty, read_json, write
from repro.report import REPORT_VERSION
from repro.report.stored import Stored, read_provenance, read_runs, stored_experiment, stored_experiments
from repro.report.summary import Summary, runs_frame, summarize
from repro.report.text import PLOTS

MARKS = {
    "README.md": "# Results\n\nPublished figures and claims against ours.",
    "report.html": "<title>Published dropout experiments, run again</title>",
}
"""How the pages that a results folder may share with others begin."""

PAGES = ("README.md", "report.html", "claims.json")
"""What is made over all experiments. The last one vouches for the others, so it is written last."""


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


def build_experiment(out: Path, name: str, force: bool = False) -> Summary:
    """Everything derived of one experiment; without `force`, only where the records are not those of what is there.

    The caller holds the lock of `out`.
    """
    folder, provenance = out / name, read_provenance(out, name)
    runs, made_from, before = read_runs(folder, provenance), _made_from(provenance), stored_summary(folder)
    if before and not force and _is_current(folder, before, made_from):
        return before
    summary = _write_experiment(folder, provenance, runs, made_from)
    for stale in {f"{name}.{kind}" for name in PLOTS for kind in ("svg", "png")} - set(summary.plots):
        (folder / stale).unlink(missing_ok=True)
    return summary


def _made_from(provenance: dict[str, Any]) -> str:
    used = (provenance[key] for key in ("runs", "experiment", "engine", "command"))
    return digest([REPORT_VERSION, *used])


def _is_current(folder: Path, summary: Summary, made_from: str) -> bool:
    return summary.made_from == made_from and _all_there(folder, ("table.md", *summary.plots))


def stored_summary(folder: Path) -> Summary | None:
    """An experiment's summary as it was written; None where there is none, or one that can't be used."""
    try:
        return Summary.model_validate_json((folder / "summary.json").read_bytes())
    except (OSError, ValueError):
        return None


def _write_experiment(folder: Path, provenance: dict[str, Any], runs: str, made_from: str) -> Summary:
    from repro.report import markdown
    from repro.report.plots import draw

    frame = runs_frame(runs)
    summary = summarize(stored_experiment(provenance, folder), frame, provenance, made_from)
    drawn = draw(summary, frame)
    for file, content in drawn.items():
        write(folder / file, content)
    summary = summary.model_copy(update={"plots": tuple(sorted(drawn))})
    write(folder / "table.md", markdown.experiment_page(summary))
    write(folder / "summary.json", pretty(summary.model_dump(mode="json")))
    return summary


def build_index(out: Path, configs: Path, force: bool = False) -> list[Summary]:
    """Everything derived in a results folder: each experiment, the claims, `README.md` and `report.html`.

    Articles are what a run has kept, which it does of those that don't come with repro; else `configs/articles/` has
    them. Without `force` only what is out of date is built; with it everything, from the stored records alone. What is
    built is built under the folder's lock. Raises MachineError for records that can't be read, ConfigError for an
    article, BusyError where another run is at work.
    """
    names = stored_experiments(out)
    if not force:
        stored = [summary for name in names if (summary := current_summary(out, name))]
        if len(stored) == len(names) and _pages_are_current(out, _pages_made_from(out, configs, stored)):
            return stored
    with locked(out):
        summaries = [build_experiment(out, name, force) for name in names]
        made_from = _pages_made_from(out, configs, summaries)
        if force or not _pages_are_current(out, made_from):
            _write_pages(out, configs, summaries, made_from)
    return summaries


def current_summary(out: Path, name: str) -> Summary | None:
    """An experiment's summary where all that is derived of it is there and up to date."""
    folder = out / name
    summary = stored_summary(folder)
    try:
        provenance = read_provenance(out, name)
        read_runs(folder, provenance)
    except MachineError:  # damaged, or just being replaced: for the holder of the lock to say
        return None
    return summary if summary and _is_current(folder, summary, _made_from(provenance)) else None


def _pages_made_from(out: Path, configs: Path, summaries: list[Summary]) -> str:
    return digest(
        [
            REPORT_VERSION,
            [[summary.experiment, summary.made_from] for summary in summaries],
            [sha256((out / summary.experiment / "provenance.json").read_bytes()) for summary in summaries],
            {name: sha256(path.read_bytes()) for name, path in _article_files(configs, summaries).items()},
        ]
    )


def _pages_are_current(out: Path, made_from: str) -> bool:
    before = read_json(out / "claims.json")
    return isinstance(before, dict) and before.get("made_from") == made_from and _all_there(out, PAGES)


def _article_files(configs: Path, summaries: list[Summary]) -> dict[str, Path]:
    """Files of the articles that the summaries belong to, as far as `configs/articles/` has them."""
    names = sorted({summary.article for summary in summaries})
    paths = {name: configs / "articles" / f"{name}.yaml" for name in names}
    return {name: path for name, path in paths.items() if path.is_file()}


def _write_pages(out: Path, configs: Path, summaries: list[Summary], made_from: str) -> None:
    from repro.report import html, markdown
    from repro.report.sections import sections_of

    stored = [
        Stored(out / summary.experiment, summary, read_provenance(out, summary.experiment)) for summary in summaries
    ]
    known = {name: load_article(path) for name, path in _article_files(configs, summaries).items()}
    kept = [article for each in stored if (article := each.article)]
    articles = known | {article.name: article for article in kept}
    sections = sections_of(stored, articles)
    claims = {section.name: [row.model_dump(mode="json") for row in section.claims] for section in sections}
    readme, page, index = PAGES
    write(out / readme, markdown.index_page(sections))
    write(out / page, html.page(sections))
    write(out / index, pretty({"claims": claims, "made_from": made_from}))


def _all_there(folder: Path, names: tuple[str, ...]) -> bool:
    return all((folder / name).is_file() for name in names)
