"""One number or claim under every reading of what an article leaves open.

The readings are declared before the run and all are told, so none of them is picked by its result: a verdict in so
many of so many readings is a description, and no test. What it is worth when only some agree is in
results/error_rates.md: the more readings, the likelier it is that one of them fits a wrong number.
A claim that has to hold in every reading is `all_of` of its claims (`grid.region`), with one p-value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import get_args

from repro.verdicts.grid.types import Decision, ReadingsVerdict
from repro.verdicts.types import ClaimVerdict, ClaimWord, NumberVerdict, NumberWord

ORDER: tuple[str, ...] = (*get_args(NumberWord), *get_args(ClaimWord))
Reading = Mapping[str, str]
"""What was chosen in one reading: the name of what is left open -> the value, both in words."""


def judge_readings(
    readings: Sequence[Reading], verdicts: Sequence[NumberVerdict] | Sequence[ClaimVerdict]
) -> ReadingsVerdict:
    """Joint words of the verdicts of all readings, in their order.

    A choice decides a word where readings that agree in it agree in having that word or not, and some have it and some
    don't. Several choices may decide the same where the readings don't cross them.
    Raises ValueError for no readings, two that are the same, other names in one than in another, or another number of
    verdicts.
    """
    if not readings or len(readings) != len(verdicts):
        raise ValueError(f"verdicts: expected one for each reading, got {len(verdicts)} for {len(readings)}")
    for index, reading in enumerate(readings):
        if set(reading) != set(readings[0]):
            raise ValueError(f"readings: expected a choice of {', '.join(readings[0])} in each, got {dict(reading)}")
        if reading in readings[:index]:
            raise ValueError(f"readings: expected each once, got {dict(reading)} again")
    words = [each.verdict for each in verdicts]
    counted = Counter(words)
    counts = tuple(sorted(counted.items(), key=lambda pair: (-pair[1], ORDER.index(pair[0]))))
    decisions = tuple(
        decision
        for word, count in counts
        if count < len(words)
        for name in readings[0]
        if (decision := _decision(word, name, readings, words))
    )
    return ReadingsVerdict(
        readings=len(words),
        word=counts[0][0] if len(counts) == 1 else None,
        counts=counts,
        decisions=decisions,
        sentence=_sentence(len(words), counts, decisions),
    )


def _decision(word: str, name: str, readings: Sequence[Reading], words: Sequence[str]) -> Decision | None:
    having = dict.fromkeys(reading[name] for reading, each in zip(readings, words, strict=True) if each == word)
    lacking = {reading[name] for reading, each in zip(readings, words, strict=True) if each != word}
    return None if lacking & set(having) else Decision(word, name, tuple(having))


def _sentence(n: int, counts: Sequence[tuple[str, int]], decisions: Sequence[Decision]) -> str:
    (first, most), *others = counts
    if n == 1:
        return f"{first} in the only reading."
    if not others:
        return f"{first} in all {n} readings of what the article leaves open."
    parts = [f"{first} in {most} of {n} readings of what the article leaves open"]
    parts += [f"{word} in {count}{_deciding(word, decisions)}" for word, count in others]
    alone = "" if decisions else "; no single choice decides"
    return f"{'; '.join(parts)}{alone}."


def _deciding(word: str, decisions: Sequence[Decision]) -> str:
    """The readings that have a word, by the choice that decides it: `, exactly those with batch size 128`."""
    told = [f"{each.choice} {' or '.join(each.values)}" for each in decisions if each.word == word]
    return f", exactly those with {', which are those with '.join(told)}" if told else ""
