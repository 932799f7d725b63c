"""`run --until decided`: more seeds for the claims that need them, at looks which share the error between them.

The first look is at 30 seeds, and each further one at twice as many, up to the most that are allowed. At every look a
claim is judged at alpha divided by the number of looks planned, so that the error over all looks keeps its level. The
experiments of claims that are decided stop; what is left of the budget goes to the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from repro.analysis.claims import ClaimResult, judge_article
from repro.analysis.figures import summaries_by_name
from repro.commands.jobs import Job
from repro.commands.run import RunResult, run
from repro.config.article import Article
from repro.errors import UsageError
from repro.report.text import duration
from repro.results.stored import by_name
from repro.training.executor import Executor
from repro.training.progress import Progress

FIRST_LOOK, MOST_SEEDS = 30, 240

DECIDED = ("CLAIM HOLDS", "OPPOSITE HOLDS", "NO MATERIAL DIFFERENCE")

Stop = Literal["decided", "not judged", "seeds", "budget"]
"""Why no more seeds are trained; "not judged" where none of the claims that are open can be judged."""


def planned_looks(most: int) -> tuple[int, ...]:
    """Numbers of seeds to look at: 30, 60, 120 ..., the last of them `most`."""
    looks = [min(FIRST_LOOK, most)]
    while looks[-1] < most:
        looks.append(min(2 * looks[-1], most))
    return tuple(looks)


@dataclass(frozen=True)
class Decision:
    """Where a claim stands at the end: its result, and how many seeds each of its experiments has at least."""

    article: str
    result: ClaimResult
    seeds: int

    @property
    def decided(self) -> bool:
        """Whether no more seeds are needed."""
        return self.result.verdict in DECIDED


@dataclass(frozen=True)
class UntilResult:
    """What the looks came to, and why there are no more."""

    run: RunResult
    looks: tuple[int, ...]
    """Numbers of seeds that were planned."""
    decisions: tuple[Decision, ...]
    stopped: Stop


def run_until_decided(
    jobs: Sequence[Job],
    articles: Mapping[str, Article],
    out: Path,
    executor: Executor,
    progress: Progress,
    *,
    most: int,
    budget: float | None,
    workers: int,
    clock: Callable[[], float] = time.time,
) -> UntilResult:
    """Train seeds until every claim about these experiments is decided.

    Args:
        articles: those of the experiments, by name.
        most: seeds of an experiment, at most.
        budget: seconds; a look that is not expected to end within it is not begun. None for no limit.
        workers: cells that are trained at once, for that expectation.

    Raises what `run` raises, and UsageError where no claim compares these experiments.
    """
    active = _compared({job.experiment.name for job in jobs}, articles)
    started, looks = clock(), planned_looks(most)
    stopped: Stop = "seeds"
    total = RunResult()
    decisions: tuple[Decision, ...] = ()
    for look in looks:
        given = [job.with_seeds(look, len(looks)) for job in jobs if job.experiment.name in active or not decisions]
        ahead = _seconds_ahead(total, given, look) / workers
        if budget is not None and clock() - started + ahead > budget:
            progress.note(f"the look at {look} seeds would take {duration(ahead)}, more than is left of the budget")
            stopped = "budget"
            break
        total = _together(total, run(given, out, executor, progress, clock=clock))
        decisions = _decisions(total, articles)
        active = {name for each in decisions if _open(each) for name in each.result.claim.compared}
        if not active:
            stopped = "decided" if all(each.decided for each in decisions) else "not judged"
            break
    return UntilResult(total, looks, decisions, stopped)


def _compared(names: set[str], articles: Mapping[str, Article]) -> set[str]:
    """Those of the experiments that a claim is about. Raises UsageError where there is none."""
    if not articles:
        raise UsageError(
            f"--until decided: expected claims about {', '.join(sorted(names))}, found no articles/NAME.yaml beside "
            "the configs; write one, or use --seeds"
        )
    claims = [claim for article in articles.values() for claim in article.claims]
    found = {name for claim in claims if claim.compared <= names for name in claim.compared}
    if not found:
        raise UsageError(
            "--until decided: expected experiments that a claim of their article compares, got "
            f"{', '.join(sorted(names))}; name both sides of a comparison, or use --seeds"
        )
    return found


def _open(decision: Decision) -> bool:
    return decision.result.judged is not None and not decision.decided


def _decisions(done: RunResult, articles: Mapping[str, Article]) -> tuple[Decision, ...]:
    """Every comparison of the experiments that have been run, judged on all their seeds."""
    stored, summaries = by_name(done.stored), summaries_by_name(done.summaries)
    seeds = {each.name: each.experiment.seeds for each in done.stored}
    return tuple(
        Decision(name, result, min(seeds[each] for each in result.claim.compared))
        for name, article in articles.items()
        for result in judge_article(article, stored, summaries)
        if result.claim.compared and result.claim.compared <= seeds.keys()
    )


def _seconds_ahead(done: RunResult, jobs: Sequence[Job], look: int) -> float:
    """Training time of the seeds to come, all added up, by what a seed has taken so far."""
    stored = {each.name: each for each in done.stored}
    known = [stored[job.experiment.name] for job in jobs if job.experiment.name in stored]
    return sum(len(each.variants) * each.seconds * max(0, look - each.experiment.seeds) for each in known)


def _together(before: RunResult, now: RunResult) -> RunResult:
    """The looks so far as one run."""
    again = {each.name for each in now.stored}
    total = RunResult(
        trained=before.trained + now.trained,
        compared=before.compared + now.compared,
        identical=before.identical + now.identical,
        without_data=before.without_data | now.without_data,
    )
    kept = [pair for pair in zip(before.stored, before.summaries, strict=True) if pair[0].name not in again]
    for stored, summary in [*kept, *zip(now.stored, now.summaries, strict=True)]:
        total.add(stored, summary)
    return total
