"""How many steps one compiled call makes.

The bits of a run do not depend on it, so it is measured: as few as make the cost of a call small
against that of its steps, because signals, progress and records act between calls.
"""

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from dl.train.compiled import Compiled, Training

MOST_CHUNK_STEPS = 100
_CANDIDATES = (1, 2, 5, 10, 20, 50)
_TOLERATED = 0.02
_LONG_STEP = 0.05  # seconds, beside which no call's cost counts
_TRIAL = 0.2  # seconds


def measured(compiled: "Compiled", training: "Training") -> "Compiled":
    """`compiled` with the steps a call that a short trial on a copy of `training` finds best."""
    steps = measure_chunk_steps(compiled, training)
    return compiled._replace(plan=replace(compiled.plan, chunk_steps=steps))


def measure_chunk_steps(compiled: "Compiled", training: "Training") -> int:
    """Time calls of one step and one of many, and choose; `training` itself is not touched."""
    most = compiled.plan.chunk_steps
    if most == 1:
        return 1
    trial = compiled.start(compiled.layout.fetch(training))

    def seconds(steps: int) -> float:
        nonlocal trial
        start = time.perf_counter()
        trial, ticket = compiled.advance(trial, 0, steps)
        jax.block_until_ready(ticket)
        return time.perf_counter() - start

    seconds(1)  # compiles
    one = min(seconds(1) for _ in range(3))
    if one > _LONG_STEP:
        return 1
    many = min(most, max(2, int(_TRIAL / one)))
    return choose_chunk_steps(one, seconds(many) / many, most=most)


def choose_chunk_steps(one: float, each: float, *, most: int) -> int:
    """The fewest steps whose call takes at most 2 % longer than they do: `one` second a call of
    one, `each` a step.

    >>> choose_chunk_steps(1.0e-3, 1.0e-3, most=100), choose_chunk_steps(3.0e-3, 1.0e-3, most=100)
    (1, 100)
    >>> choose_chunk_steps(1.3e-3, 1.0e-3, most=100)
    20
    """
    call = max(one - each, 0.0)
    enough = (steps for steps in _CANDIDATES if call / steps <= _TOLERATED * each)
    return min(next(enough, most), most)
