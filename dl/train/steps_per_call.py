"""The number of steps in one compiled call, chosen by a short trial.

No result of a run depends on it. The number is the smallest that makes the cost of a call small
compared with that of its steps, because signals and progress are handled between calls.
"""

import time
from dataclasses import replace

import jax
import numpy as np

from dl.train.compiled import Compiled
from dl.train.processes import as_first_has
from dl.train.training import Training

_CANDIDATES = (1, 2, 5, 10, 20, 50)
_TOLERATED = 0.02
_LONG_STEP = 0.05  # seconds; for such a step the cost of a call does not matter
_TRIAL = 0.2  # seconds


def with_best_steps_per_call(compiled: Compiled, training: Training) -> Compiled:
    """`compiled` with the best number of steps in a trial on a copy of `training`."""
    steps = find_steps_per_call(compiled, training)
    return replace(compiled, plan=replace(compiled.plan, steps_per_call=steps))


def find_steps_per_call(compiled: Compiled, training: Training) -> int:
    """Time calls of one step and of many, and choose; `training` itself is not changed."""
    most = compiled.plan.steps_per_call
    if most == 1:
        return 1
    trial = compiled.start(compiled.layout.fetch(training))

    def seconds(steps: int) -> float:
        nonlocal trial
        start = time.perf_counter()
        trial, ticket = compiled.advance(trial, 0, steps)
        jax.block_until_ready(ticket)
        # All processes choose by the time of the first, so that all make the same calls.
        return float(as_first_has(np.float32(time.perf_counter() - start)))

    seconds(1)  # compiles
    one = min(seconds(1) for _ in range(3))
    if one > _LONG_STEP:
        return 1
    many = min(most, max(2, int(_TRIAL / one)))
    return choose_steps_per_call(one, seconds(many) / many, most=most)


def choose_steps_per_call(one: float, each: float, *, most: int) -> int:
    """The fewest steps, at most `most`, whose call takes at most 2 % longer than the steps alone.

    `one`: seconds of a one-step call; `each`: seconds per step in a long call.

    >>> choose_steps_per_call(1.0e-3, 1.0e-3, most=100)
    1
    >>> choose_steps_per_call(1.3e-3, 1.0e-3, most=100)
    20
    >>> choose_steps_per_call(3.0e-3, 1.0e-3, most=100)
    100
    """
    call = max(one - each, 0.0)
    enough = (steps for steps in _CANDIDATES if call / steps <= _TOLERATED * each)
    return min(next(enough, most), most)
