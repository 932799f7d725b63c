"""How much a paired comparison can see at n seeds, and how many seeds it takes to decide it.

None of this looks at the observed mean difference: "power at the observed effect" only re-words the p-value.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from repro.verdicts.intervals import half_width, t_quantile


def detectable_effect(sd: float, n: int, alpha: float = 0.05) -> float:
    """Smallest true mean difference that a two-sided paired t test of n seeds at `alpha` finds with 80% power.

    (t(1 - alpha/2, n-1) + t(.8, n-1)) s / sqrt(n): at 5% within 1.5% of the noncentral-t answer from n = 5 on.
    """
    return float((t_quantile(1 - alpha / 2, n - 1) + t_quantile(0.8, n - 1)) * sd / np.sqrt(n))


def seeds_to_decide(sd: float, margin: float, n: int, alpha: float) -> int | None:
    """Seeds that decide a claim of direction whatever the mean turns out to be, given this spread.

    The smallest number above n whose interval at level 1 - alpha is no longer than the margin: such an interval
    cannot both hold 0 and reach out of ±margin. None for a margin of 0, which no number of seeds reaches.
    """
    if margin == 0:
        return None
    return _first(lambda seeds: half_width(sd, seeds, 1 - alpha) <= margin / 2, n + 1)


def seeds_to_show_equivalence(sd: float, margin: float, n: int, alpha: float, bounds: int = 2) -> int | None:
    """Seeds at which one-sided tests at alpha show a true difference of 0 to keep all its bounds, with 80% power.

    `bounds`: 2 for ±margin, 1 for noninferiority, so many times more where so many differences have to keep them: each
    is missed in at most .2 / bounds. The smallest number with (t(1 - alpha) + t(1 - .2 / bounds)) s / sqrt(seeds) <=
    margin. None if n seeds are that many already (the difference is near the margin itself, which no set number of
    seeds decides) or for a margin of 0.
    """

    def enough(seeds: int) -> bool:
        quantiles = t_quantile(1 - alpha, seeds - 1) + t_quantile(1 - 0.2 / bounds, seeds - 1)
        return bool(quantiles * sd / np.sqrt(seeds) <= margin)

    return None if margin == 0 or enough(n) else _first(enough, n + 1)


def _first(enough: Callable[[int], bool], start: int) -> int:
    """Smallest count from `start` on that is enough, where every larger one is enough too."""
    low, high = start - 1, start
    while not enough(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
