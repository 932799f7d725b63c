"""The pages' order: an article, its stored experiments, and its claims judged."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repro.analysis.claims import ClaimResult, judge_article
from repro.analysis.figures import ExperimentSummary, summaries_by_name
from repro.config.article import Article
from repro.report.text import OWN, OWN_TITLE
from repro.results.stored import StoredExperiment, by_name


@dataclass(frozen=True, eq=False)
class Member:
    """A stored experiment and what it has come to."""

    stored: StoredExperiment
    summary: ExperimentSummary

    @property
    def name(self) -> str:
        """The experiment's."""
        return self.stored.name

    @property
    def shown(self) -> StoredExperiment:
        """What the figures of `summary` are of: the experiment, or its variant that is as its file has it."""
        return self.stored.main or self.stored.variants[0]


@dataclass(frozen=True, eq=False)
class Section:
    """An article with what is stored of it; `article` is None where its file is not known here."""

    name: str
    article: Article | None
    members: tuple[Member, ...]
    claims: tuple[ClaimResult, ...]

    @property
    def title(self) -> str:
        """The article's title, or its name where the title is not known."""
        return self.article.title if self.article else OWN_TITLE if self.name == OWN else self.name

    @property
    def missing(self) -> tuple[str, ...]:
        """Experiments of the article that are not stored here."""
        there = {member.name for member in self.members}
        return tuple(name for name in (self.article.experiments if self.article else ()) if name not in there)


def sections_of(members: Sequence[Member], articles: Mapping[str, Article]) -> list[Section]:
    """Experiments by article, each group in the order in which its article lists them.

    The articles come by the first year that `published` names, then by name; those without one come last, and after
    them what belongs to no article.
    `articles`: those that are known, by name; one may have no experiment here, and claims about those of others.
    """
    stored = by_name(each.stored for each in members)
    summaries = summaries_by_name(each.summary for each in members)
    made = []
    names = {each.summary.article or OWN for each in members}
    names |= {name for name, article in articles.items() if article.speaks_of(stored.keys())}
    for name in sorted(names, key=lambda name: _when(name, articles)):
        article = articles.get(name)
        order = list(article.experiments) if article else []
        own = [each for each in members if (each.summary.article or OWN) == name]
        own.sort(key=lambda each: (order.index(each.name) if each.name in order else len(order), each.name))
        claims = judge_article(article, stored, summaries) if article else ()
        made.append(Section(name, article, tuple(own), claims))
    return made


def _when(name: str, articles: Mapping[str, Article]) -> tuple[bool, bool, str, str]:
    published = articles[name].published if name in articles else ""
    year = min(re.findall(r"\b(?:19|20)\d\d\b", published), default="")
    return name == OWN, not year, year, name
