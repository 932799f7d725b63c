"""`results/README.md`: the answers first, then all verdicts, then article by article what they rest on.

Where there are more articles than one reads in one go, it is a table with one line an article, and what else there is
to say of an article stands on a page of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from repro.analysis.claims import ClaimResult
from repro.analysis.figures import ExperimentSummary
from repro.report import claim_words, text, words
from repro.report.answer import answer, article_figures
from repro.report.markdown import URL, bold, bullets, code, plain, table
from repro.report.sections import Member, Section

MANY = 6
"""So many articles have pages of their own."""


def index_pages(sections: Sequence[Section]) -> dict[str, str]:
    """The index of a results folder and the pages that it needs beside it, by file name."""
    if len(sections) < MANY:
        return {"README.md": _index(sections)}
    return {"README.md": _overview(sections)} | {f"{section.name}.md": _page(section) for section in sections}


def _opening() -> list[str]:
    return [
        "# Results",
        "Published figures and claims against ours. Each of our values is a mean over independently seeded runs; "
        "what stands after a ± is said beside it. The same in one file: [report.html](report.html); for machines: "
        "[claims.json](claims.json).",
    ]


def _index(sections: Sequence[Section]) -> str:
    """Everything on one page."""
    parts = _opening()
    if not sections:
        return "\n\n".join([*parts, "No experiment is stored here yet."]) + "\n"
    parts += [_answer(section) for section in sections]
    parts += ["## Numbers", _numbers(sections), *_resolutions(sections)]
    if any(section.claims for section in sections):
        parts += ["## Claims", _claims_index(sections)]
    parts += [part for section in sections for part in _article(section)]
    return "\n\n".join([*parts, *_reading(any(section.claims for section in sections))]) + "\n"


def _overview(sections: Sequence[Section]) -> str:
    """One line an article."""
    header = ["article", "published", "experiments", "it reports", "its numbers", "its claims"]
    rows = [_line(section) for section in sections]
    return "\n\n".join([*_opening(), table(header, rows), *_reading(True)]) + "\n"


def _line(section: Section) -> list[str]:
    article, figures = section.article, article_figures(section.members)
    reported = list(dict.fromkeys(text.article_number(figure) for figure in figures))
    more = f" and {len(reported) - SHOWN} more" if len(reported) > SHOWN else ""
    untested = sum(row.kind == "not tested" for row in section.claims)
    claims = _counted([claim_words.verdict(row) for row in section.claims if row.kind == "comparison"])
    return [
        f"[{plain(section.title)}]({section.name}.md)",
        plain(article.published) if article and article.published else "–",
        str(len(section.members)),
        ", ".join(reported[:SHOWN]) + more or "–",
        _counted([words.verdict_of(figure) for figure in figures]) or "–",
        "; ".join(part for part in (claims, f"{untested} not tested here" if untested else "") if part) or "–",
    ]


SHOWN = 4
"""Figures of an article that its line shows, at most."""


def _counted(verdicts: Sequence[str]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in words.counted(verdicts))


def _page(section: Section) -> str:
    """Everything on one article."""
    title, *rest = _article(section)
    parts = [title.removeprefix("#"), _answer(section)]
    parts += ["### Numbers", _numbers([section]), *_resolutions([section])] if section.members else []
    parts += [*rest, *_reading(bool(section.claims)), "All results: [index](README.md)."]
    return "\n\n".join(parts) + "\n"


def _reading(claims: bool) -> list[str]:
    parts = ["## How to read it", "### A number", bullets(words.READING_NUMBERS)]
    return [*parts, "### A comparison", bullets(words.READING_CLAIMS)] if claims else parts


def _answer(section: Section) -> str:
    return f"**{plain(section.title)}**{_published(section)}: {plain(answer(section))}"


def _published(section: Section) -> str:
    return f" ({plain(section.article.published)})" if section.article and section.article.published else ""


def _numbers(sections: Sequence[Section]) -> str:
    header = ["experiment", "figure", "verdict", "article", words.OURS, words.DISTANCE, words.ACCEPTED]
    header += ["rank", "resolution", "seeds"]
    rows = []
    for member in (member for section in sections for member in section.members):
        where, lost = _link(member.name) + _trial(member.summary), words.left_out(member.summary)
        for figure in member.summary.shown:
            row = [where, text.name_of(figure), bold(words.verdict_of(figure)), text.article_number(figure)]
            row += [text.our_value(figure), text.distance_of(figure), text.figure_interval(figure, figure.prediction)]
            row += [text.rank_of(figure), text.resolution_of(figure)]
            rows.append([*row, f"{figure.over.n} ({lost})" if lost else str(figure.over.n)])
        if not member.summary.shown and not member.summary.variants:
            rows.append(
                [where, text.main_name(member.summary), "NOT JUDGED", *["–"] * 6, f"0 ({lost})" if lost else "0"]
            )
    return table(header, rows)


def _resolutions(sections: Sequence[Section]) -> list[str]:
    lines = words.resolutions([member for section in sections for member in section.members])
    return ["Resolutions, what may differ without changing a conclusion:", bullets(lines)] if lines else []


def _claims_index(sections: Sequence[Section]) -> str:
    tested = [(section, row) for section in sections for row in section.claims if row.kind != "not tested"]
    rows = [
        [section.name, plain(claim_words.claim_text(row.claim)), _claim_verdict(row), plain(_outcome(row))]
        for section, row in tested
    ]
    untested = sum(len(section.claims) for section in sections) - len(tested)
    parts = [table(["article", "claim", "verdict", "outcome"], rows)] if rows else []
    if untested:
        parts.append(f"NOT TESTED HERE, each with its reason under its article: {untested} more.")
    return "\n\n".join(parts)


def _claim_verdict(row: ClaimResult) -> str:
    return ", ".join([bold(claim_words.verdict(row)), *claim_words.additions(row)])


def _outcome(row: ClaimResult) -> str:
    return "; ".join(part for part in (claim_words.outcome(row), claim_words.beyond_words(row)) if part)


def _article(section: Section) -> list[str]:
    article = section.article
    parts = [f"## {plain(section.title)}"]
    if article:
        source = f"<{article.source}>" if URL.fullmatch(article.source) else plain(article.source)
        parts.append(f"Source: {source}{_published(section)}")
        parts += [plain(article.summary)] if article.summary else []
    parts += [f"![{text.ARTICLE_PLOT}]({section.name}.svg)"] if section.members else []
    parts += _claims(section.claims)
    parts += ["### Experiments", _experiments(section.members)] if section.members else []
    parts += [f"Not run yet: {', '.join(section.missing)}."] if section.missing else []
    parts += _variance(section.members)
    told = (
        ("Deviations from the article", article.deviations if article else ()),
        ("What the article leaves unsaid, and what is done about it", article.unsaid if article else ()),
        ("Slips of the article", article.slips if article else ()),
    )
    parts += [f"### {title}\n\n{bullets(lines)}" for title, lines in told if lines]
    return parts


def _experiments(members: Sequence[Member]) -> str:
    """Each experiment with what is judged of it besides its numbers and claims."""
    lines = []
    for member in members:
        lines.append(f"- {_link(member.name)}: {plain(member.summary.title)}{_trial(member.summary)}")
        lines += [f"  - {plain(line)}" for line in words.together(member.summary)]
    return "\n".join(lines)


def _claims(claims: Sequence[ClaimResult]) -> list[str]:
    """The claims with a verdict, each with its facts; then those without, each with the reason."""
    if not claims:
        return []
    parts = ["### Claims"]
    if any(row.judged for row in claims):
        parts.append(plain(claim_words.pairing(claims)))
    parts.append("\n".join(_claim(row) for row in claims if row.kind != "not tested"))
    untested = [row for row in claims if row.kind == "not tested"]
    if untested:
        rows = [[plain(row.claim.text), plain(row.sentence)] for row in untested]
        parts += ["### Claims not tested here", table(["claim", "why"], rows)]
    return [part for part in parts if part]


def _claim(row: ClaimResult) -> str:
    told = " ".join(plain(part) for part in (row.sentence, *claim_words.remarks(row), row.claim.note) if part)
    line = f"- {plain(claim_words.claim_text(row.claim))} **{claim_words.verdict_words(row)}.** {told}"
    facts = [f"{plain(name)}: {plain(value)}" for name, value in claim_words.facts(row)]
    compared = [code(claim_words.relation(row.claim))] if facts else []
    return "\n  - ".join([line, *compared, *facts])


def _variance(members: Sequence[Member]) -> list[str]:
    budget = words.budget(members)
    if not budget.labels:
        return []
    title = "### Where the spread of the test accuracy comes from"
    rows = [[name, *cells] for name, cells in budget.rows]
    return [title, table(["experiment", *budget.labels], rows), words.BUDGET_NOTE]


def _trial(summary: ExperimentSummary) -> str:
    return f", a trial with {code(summary.trial)}" if summary.trial else ""


def _link(name: str) -> str:
    return f"[{name}]({name}/table.md)"
