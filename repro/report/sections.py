"""The pages' order: an article, its stored experiments, and its claims judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repro.config.schema import Article
from repro.report.claims import ClaimRow, judge_article
from repro.report.stored import Stored


@dataclass(frozen=True, eq=False)
class Section:
    """An article with what is stored of it; `article` is None where its file is not known here."""

    name: str
    article: Article | None
    members: tuple[Stored, ...]
    claims: tuple[ClaimRow, ...]

    @property
    def title(self) -> str:
        """The article's title, or its name where the title is not known."""
        return self.article.title if self.article else self.name

    @property
    def missing(self) -> tuple[str, ...]:
        """Experiments of the article that are not stored here."""
        there = {member.name for member in self.members}
        return tuple(name for name in (self.article.experiments if self.article else ()) if name not in there)


def sections_of(stored: Sequence[Stored], articles: Mapping[str, Article]) -> list[Section]:
    """Experiments by article, each group in the order in which its article lists them; the articles by name.

    `articles`: those that are known, by name. Raises MachineError where records can't be read.
    """
    by_name = {each.name: each for each in stored}
    made = []
    for name in sorted({each.summary.article for each in stored}):
        article = articles.get(name)
        order = list(article.experiments) if article else []
        members = [each for each in stored if each.summary.article == name]
        members.sort(key=lambda each: (order.index(each.name) if each.name in order else len(order), each.name))
        made.append(Section(name, article, tuple(members), judge_article(article, by_name) if article else ()))
    return made
