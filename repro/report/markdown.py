"""Tables in Markdown: one page an experiment, and the index of all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repro.analysis.claims import ClaimResult
from repro.analysis.figures import ExperimentSummary, Figure, StepRow
from repro.report import text, words
from repro.report.sections import Member, Section

OURS = "ours: mean ± sd over seeds"

URL = re.compile(r"https?://[\w.~:/?#@!$&'()*+,;=%-]+")
"""A source that may stand in <...>: nothing in it ends the link or begins anything else."""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def plain(given: str) -> str:
    """Text of a config or record on one line, its marks of Markdown and HTML without effect."""
    return re.sub(r"([\\`*\[\]<])", r"\\\1", " ".join(given.split()))


def experiment_page(summary: ExperimentSummary, plots: Sequence[str]) -> str:
    """`table.md`: article against ours, and everything that one has to know to read it; `plots` are shown by name."""
    parts = [f"# {summary.experiment}: {plain(summary.title)}"]
    if summary.note:
        parts.append(plain(summary.note))
    parts.append(figures_table(summary))
    parts += [
        f"**{text.name_of(figure)}: {figure.verdict}.** {figure.judged.sentence}"
        for figure in summary.figures
        if figure.judged
    ]
    parts += _explanations(summary)
    parts += [f"![{text.PLOTS[name]}]({name}.svg)" for name in plots]
    parts += [f"## {title}\n\n{body}" for title, body in _sections(summary)]
    made = f"Made by `{summary.command}` ({summary.engine} engine)."
    parts.append(f"{made} Raw records: [runs.csv](runs.csv). All results: [index](../README.md).")
    return "\n\n".join(parts) + "\n"


def figures_table(summary: ExperimentSummary) -> str:
    """Article against ours, one line a figure."""
    cross = summary.folds > 1
    header = ["figure", "article", OURS, "seeds", "95% of single runs", "95% interval of mean"]
    header += ["spread over folds (smallest to largest)"] if cross else []
    header += ["verdict"]
    return table(header, [_figure_row(figure, cross) for figure in summary.figures])


def _figure_row(figure: Figure, cross: bool) -> list[str]:
    row = [text.name_of(figure), text.article_value(figure), text.our_value(figure), str(figure.over.n)]
    row += [text.figure_interval(figure, pair) for pair in (figure.prediction, figure.confidence)]
    row += [text.folds_spread(figure)] if cross else []
    return [*row, figure.verdict]


def _explanations(summary: ExperimentSummary) -> list[str]:
    troubles = [f"{title}:\n\n{_bullets(lines)}" for title, lines in words.troubles(summary)]
    return words.explanations(summary) + troubles


def _sections(summary: ExperimentSummary) -> list[tuple[str, str]]:
    sections = []
    if summary.steps:
        sections.append(("Step by step", steps_table(summary.steps)))
    if summary.variance:
        rows = [[part.label, text.amount(part.sd, "accuracy")] for part in summary.variance]
        sections.append(("Where the spread of the test accuracy comes from", table(["source", "sd"], rows)))
    return sections


def steps_table(steps: Sequence[StepRow]) -> str:
    """The article's table by step, ours beside it."""
    header = ["step", "figure", "article", OURS, "95% of single runs", "article's among them"]
    return table(header, [list(text.step_cells(row)) for row in text.steps_in_order(steps)])


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)


def index_page(sections: Sequence[Section]) -> str:
    """`results/README.md`: all verdicts first, then article by article what they rest on."""
    parts = [
        "# Results",
        "Published figures and claims against ours. Each of our values is a mean over independently seeded runs; "
        "what stands after a ± is said beside it. The same with plots, in one file: [report.html](report.html); for "
        "machines: [claims.json](claims.json).",
    ]
    if not sections:
        parts.append("No experiment is stored here yet.")
    else:
        parts += ["## Numbers", _numbers(sections)]
        parts += ["### How to read a number", _bullets(words.READING_NUMBERS)]
    if any(section.claims for section in sections):
        parts += ["## Claims", _claims_index(sections)]
        parts += ["### How to read a comparison", _bullets(words.READING)]
    return "\n\n".join([*parts, *(part for section in sections for part in _article(section))]) + "\n"


def _numbers(sections: Sequence[Section]) -> str:
    header = ["experiment", "figure", "verdict", "article", OURS, "margin", "seeds"]
    rows = []
    for member in (member for section in sections for member in section.members):
        where, lost = _link(member.name) + _trial(member.summary), words.left_out(member.summary)
        for figure in member.summary.shown:
            row = [where, text.name_of(figure), _bold(figure.verdict), text.article_number(figure)]
            seeds = f"{figure.over.n} ({lost})" if lost else str(figure.over.n)
            rows.append([*row, text.our_value(figure), text.margin_of(figure), seeds])
        if not member.summary.shown:
            rows.append([where, "test accuracy", "NOT JUDGED", "–", "–", "–", f"0 ({lost})" if lost else "0"])
    return table(header, rows)


def _claims_index(sections: Sequence[Section]) -> str:
    tested = [(section, row) for section in sections for row in section.claims if row.kind != "not tested"]
    rows = [
        [section.name, plain(words.claim_text(row.claim)), _bold(words.verdict_words(row)), words.outcome(row)]
        for section, row in tested
    ]
    untested = sum(len(section.claims) for section in sections) - len(tested)
    parts = [table(["article", "claim", "verdict", "outcome"], rows)] if rows else []
    if untested:
        parts.append(f"NOT TESTED HERE, each with its reason under its article: {untested} more.")
    return "\n\n".join(parts)


def _article(section: Section) -> list[str]:
    article = section.article
    parts = [f"## {plain(section.title)}"]
    if article:
        source = f"<{article.source}>" if URL.fullmatch(article.source) else plain(article.source)
        parts.append(f"Source: {source}" + (f" ({plain(article.published)})" if article.published else ""))
        parts += [plain(article.summary)] if article.summary else []
    parts += ["### Experiments", _experiments(section.members)]
    parts += [f"Not run yet: {', '.join(section.missing)}."] if section.missing else []
    parts += _claims(section.claims)
    parts += _variance(section.members)
    if article and article.deviations:
        parts += ["### Deviations from the article", _bullets(article.deviations)]
    if article and article.slips:
        parts += ["### Slips of the article", _bullets(article.slips)]
    return parts


def _experiments(members: Sequence[Member]) -> str:
    cross = any(member.summary.folds > 1 for member in members)
    header = ["experiment", "figure", "article", OURS, "seeds", "95% of single runs"]
    header += ["spread over folds (smallest to largest)"] if cross else []
    rows = []
    for member in members:
        for figure in member.summary.shown:
            where = _link(member.name) + _trial(member.summary)
            row = [f"{plain(member.summary.title)} ({where})", text.name_of(figure)]
            row += [text.article_value(figure), text.our_value(figure), str(figure.over.n)]
            row.append(text.figure_interval(figure, figure.prediction))
            row += [text.folds_spread(figure)] if cross else []
            rows.append([*row, _bold(figure.verdict)])
    return table([*header, "verdict"], rows)


def _claims(claims: Sequence[ClaimResult]) -> list[str]:
    """The claims with a verdict, each with its sentence; then those without, each with the reason."""
    if not claims:
        return []
    parts = ["### Claims"]
    compared = [row for row in claims if row.judged]
    if compared:
        parts += [_comparisons(compared), words.pairing(compared)]
    parts += [_claim_lines([row for row in claims if row.kind != "not tested"])]
    untested = [row for row in claims if row.kind == "not tested"]
    if untested:
        rows = [[plain(row.claim.text), plain(row.sentence)] for row in untested]
        parts += ["### Claims not tested here", table(["claim", "why"], rows)]
    return [part for part in parts if part]


def _comparisons(rows: Sequence[ClaimResult]) -> str:
    beyond = any(row.judged.nadeau_bengio for row in rows if row.judged)
    header = ["claim", "verdict", "mean difference (its 95% interval)"]
    header += ["95% interval beyond these rows"] if beyond else []
    header += ["pairs that show it (95% interval)", "Holm's p", "pairs of seeds", "margin"]
    lines = []
    for row in rows:
        judged, claim = row.judged, row.claim
        if judged is None:
            continue
        line = [f"{plain(words.claim_text(claim))} `{words.relation(claim)}`", _bold(words.verdict_words(row))]
        line.append(words.difference_with(row))
        line += [words.difference_interval(judged.nadeau_bengio, claim.metric)] if beyond else []
        line += [words.share(judged), words.p_value(judged.p_holm), words.seeds(judged)]
        lines.append([*line, text.amount(judged.margin, claim.metric)])
    return table(header, lines)


def _claim_lines(rows: Sequence[ClaimResult]) -> str:
    lines = []
    for row in rows:
        said = " ".join(plain(part) for part in (row.sentence, *words.remarks(row), row.claim.note) if part)
        lines.append(f"- {plain(words.claim_text(row.claim))} **{words.verdict_words(row)}.** {said}")
    return "\n".join(lines)


def _variance(members: Sequence[Member]) -> list[str]:
    budget = words.budget(members)
    if not budget.labels:
        return []
    title = "### Where the spread of the test accuracy comes from"
    rows = [[name, *cells] for name, cells in budget.rows]
    return [title, table(["experiment", *budget.labels], rows), words.BUDGET_NOTE]


def _trial(summary: ExperimentSummary) -> str:
    return f", a trial with `{summary.trial}`" if summary.trial else ""


def _link(name: str) -> str:
    return f"[{name}]({name}/table.md)"


def _bold(verdict: str) -> str:
    return verdict if words.TONES.get(verdict) == "none" else f"**{verdict}**"
