"""The time that a training still takes, against cases worked out by hand. The clock is set by the test."""

from __future__ import annotations

import pytest

from repro.cli import progress
from repro.cli.progress import TimeLeft


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def monotonic(self) -> float:
            return self.now

    monkeypatch.setattr(progress, "time", clock := Clock())
    return clock


def test_cells_of_one_experiment_take_as_long_as_those_done(clock):
    left = TimeLeft({"a": 4}, {})
    clock.now += 10
    left.add("a", 10.0)
    assert left.seconds == 30
    clock.now += 10
    left.add("a", 30.0)  # two workers: 40 s of training in 20 s
    assert (left.done, left.total, left.seconds) == (2, 4, 20)


def test_what_comes_but_once_is_not_expected_again(clock):
    left = TimeLeft({"a": 10}, {})
    clock.now += 8 + 5  # the worker starts, and its first cell compiles
    left.add("a", 5.0)
    for _ in range(2):
        clock.now += 1
        left.add("a", 1.0)
    assert left.seconds == 7


def test_an_experiment_not_begun_takes_what_it_took_before_on_a_machine_twice_as_slow_now(clock):
    left = TimeLeft({"slow": 2, "fast": 30}, {"slow": 20.0, "fast": 0.5})
    clock.now += 40
    left.add("slow", 40.0)
    assert left.seconds == 40 + 30 * 1.0
    clock.now += 40
    left.add("slow", 40.0)
    clock.now += 3
    left.add("fast", 3.0)  # what is measured now counts more than what was
    assert left.seconds == pytest.approx(29 * 3.0)


def test_an_experiment_that_nothing_is_known_of_takes_as_long_as_the_mean(clock):
    left = TimeLeft({"a": 1, "b": 1, "new": 10}, {"a": 1.0})
    clock.now += 2
    left.add("a", 2.0)
    clock.now += 4
    left.add("b", 4.0)
    assert left.seconds == 10 * 3.0


def test_nothing_is_left_at_the_end_and_nothing_known_at_the_start(clock):
    left = TimeLeft({"a": 1}, {"a": 5.0})
    assert left.seconds == 0
    left.add("a", 0.0)  # a worker that died: no time to reckon with
    assert left.seconds == 0
    left = TimeLeft({"a": 1}, {"a": 5.0})
    clock.now += 4
    left.add("a", 4.0)
    assert left.seconds == 0
