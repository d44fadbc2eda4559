"""Durations do not follow the computer's clock, which may be set while a run goes on."""

import time

import pytest

from dl.runs.clock import RunClock, SaveTimer


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_a_clock_that_is_set_moves_no_duration(
    jump: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, timer = RunClock(), SaveTimer(minutes=60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + jump)
    assert not timer.is_due()
    assert 0 <= clock.notes()["wall_seconds"] < 3600
