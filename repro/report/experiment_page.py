"""`table.md`: one experiment in Markdown, article against ours."""

from __future__ import annotations

from collections.abc import Sequence

from repro.analysis.figures import ExperimentSummary, Figure, Listing
from repro.report import text, variants, words
from repro.report.markdown import bullets, code, plain, table


def experiment_page(summary: ExperimentSummary, plots: Sequence[str]) -> str:
    """The page of an experiment, with everything that one has to know to read it; `plots` are shown by name."""
    parts = [f"# {summary.experiment}: {plain(summary.title)}"]
    if summary.note:
        parts.append(plain(summary.note))
    if summary.judged or not summary.variants:
        parts.append(figures_table(summary))
    if summary.variants:
        parts.append(f"## Variants\n\n{table(variants.header(summary), variants.rows(summary))}")
        parts += [plain(line) for line in variants.lines(summary)]
    parts += [
        f"**{text.name_of(figure)}: {words.verdict_of(figure)}.** {plain(figure.judged.sentence)}"
        for figure in summary.figures
        if figure.judged
    ]
    if together := words.together(summary):
        parts.append(bullets(together))
    parts += [plain(line) for line in words.explanations(summary)]
    parts += [f"{title}:\n\n{bullets(lines)}" for title, lines in words.troubles(summary)]
    parts += [f"![{text.PLOTS[name]}]({name}.svg)" for name in plots]
    parts += [f"## {text.name_of(listing)} by step\n\n{steps_table(listing)}" for listing in summary.listings]
    if summary.variance:
        rows = [[part.label, text.amount(part.sd, "accuracy")] for part in summary.variance]
        parts.append(f"## Where the spread of the test accuracy comes from\n\n{table(['source', 'sd'], rows)}")
    parts.append(f"## How to read it\n\n{bullets(words.READING_NUMBERS)}")
    made = f"Made by {code(summary.command)} ({summary.engine} engine)."
    parts.append(f"{made} Raw records: [runs.csv](runs.csv). All results: [index](../README.md).")
    return "\n\n".join(parts) + "\n"


def figures_table(summary: ExperimentSummary) -> str:
    """Article against ours, one line a figure."""
    cross = summary.folds > 1
    header = ["figure", "article", words.OURS, "seeds", words.DISTANCE, words.ACCEPTED, "rank", "resolution"]
    header += ["95% interval of our mean"]
    header += ["spread over folds (smallest to largest)"] if cross else []
    return table([*header, "verdict"], [_figure_row(figure, cross) for figure in summary.figures])


def _figure_row(figure: Figure, cross: bool) -> list[str]:
    row = [text.name_of(figure), text.article_value(figure), text.our_value(figure), str(figure.over.n)]
    row += [text.distance_of(figure), text.figure_interval(figure, figure.prediction), text.rank_of(figure)]
    row += [text.resolution_of(figure), text.figure_interval(figure, figure.confidence)]
    row += [text.folds_spread(figure)] if cross else []
    return [*row, words.verdict_of(figure)]


def steps_table(listing: Listing) -> str:
    """The article's figures by step, ours beside them."""
    return table(text.STEP_COLUMNS, text.step_rows(listing))
