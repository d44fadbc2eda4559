"""Can the recipe's model learn a few examples by heart?"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from dl import metrics, optimizers
from dl.checks.finding import Finding, not_applicable
from dl.checks.subject import Subject
from dl.train.quick import jit_quickly
from dl.train.state import TrainState, count_parameters
from dl.train.step import make_eval_step, make_train_step
from dl.types import Batch

NAME = "one batch"
RATES = (0.001, 0.01, 0.1)
STEPS, MORE_STEPS = 100, 300
SHARE = 0.2
_ROWS, _ROWS_OF_STEPS = 8, 2
_STEPS_BETWEEN_LOOKS = 10


def one_batch(subject: Subject) -> Finding:
    """Whether Adam learns one small batch by heart, with the recipe's model and objective.

    It passes as soon as the loss has fallen to a fifth, in training or in evaluation, or all
    examples are classified rightly. Each of the rates 0.001, 0.01 and 0.1 gets 100 steps; then the
    best of them gets 300. All begin with the first parameters. Nothing is augmented. There are 8
    examples, or 2 sequences with a target at every step. A net with fewer than 8 parameters for
    each output gets only as many examples: p weights and a bias can put any p points in general
    position on any side.
    """
    batch = subject.batch(_rows(subject))
    trial = _trial(subject, batch)
    before = trial.look(trial.first)
    if before.get("accuracy") == 1.0:
        return not_applicable(NAME, "the first parameters know it already")
    lowest: dict[float, float] = {}
    for rate, steps in [*((rate, STEPS) for rate in RATES), (None, MORE_STEPS)]:
        rate = rate or min(RATES, key=lowest.__getitem__)
        lowest[rate] = math.inf
        for count, loss, known in trial.run(rate, steps):
            lowest[rate] = min(lowest[rate], loss if math.isfinite(loss) else math.inf)
            if known or (before["loss"] > 0 and loss <= SHARE * before["loss"]):
                how = f"{count} steps of Adam at {rate:g}{', all right' if known else ''}"
                return _finding(before["loss"], loss, how, known=True)
    how = f"{MORE_STEPS} steps of Adam at the best rate"
    return _finding(before["loss"], min(lowest.values()), how, known=False)


def _rows(subject: Subject) -> int:
    if subject.data.spec.has_step_targets:
        return _ROWS_OF_STEPS
    outputs = max(subject.data.spec.classes, 1)
    return max(2, min(_ROWS, count_parameters(subject.state.params) // outputs))


@dataclass(frozen=True)
class _Trial:
    """Compiled functions to learn a batch with, and the state before."""

    first: TrainState
    batch: Batch
    step: Callable
    evaluate: Callable

    def look(self, state: TrainState) -> dict[str, float]:
        return metrics.compute(self.evaluate(state, self.batch))

    def run(self, rate: float, steps: int) -> Iterator[tuple[int, float, bool]]:
        """After every 10 steps: their number, the loss, and whether all examples are right."""
        opt_state = optimizers.with_hyperparams(self.first.opt_state, learning_rate=rate)
        state, trained = replace(self.first, opt_state=opt_state), {}
        for count in range(1, steps + 1):
            state, trained = self.step(state, self.batch)
            # In training each segment of a stream begins where the one before has ended.
            state = replace(state, carry=self.first.carry)
            if count % _STEPS_BETWEEN_LOOKS == 0:
                seen = [self.look(state), metrics.compute(trained)]
                known = seen[0].get("accuracy") == 1.0
                yield count, min(each["loss"] for each in seen), known


def _trial(subject: Subject, batch: Batch) -> _Trial:
    objective, optimizer = subject.recipe.objective, optimizers.adam(RATES[0])
    first = subject.state_for(batch)
    first = replace(first, opt_state=optimizer.init(first.params))
    how: dict[str, Any] = {"precision": subject.options.precision}
    step = make_train_step(objective, optimizer, padded=subject.data.train.pads, **how)
    return _Trial(first, batch, jit_quickly(step), jit_quickly(make_eval_step(objective, **how)))


def _finding(before: float, after: float, how: str, *, known: bool) -> Finding:
    found = f"loss {before:.3g} → {after:.3g} in {how}"
    expected = f"below {SHARE * before:.3g}" if before > 0 else "all right"
    if known:
        return Finding(NAME, "passed", found, expected, value=after)
    remedy = (
        "the net cannot learn a few examples by heart: look whether inputs and targets belong "
        "together, whether gradients reach every layer, and whether the net is large enough"
    )
    return Finding(NAME, "failed", found, expected, remedy, after)
