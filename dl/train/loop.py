"""The training loop: compiled calls, with records, evaluations and checkpoints between them.

It writes no files and shows no progress; it reports to a `Listener`.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dl import metrics
from dl.errors import DivergedError, RunError
from dl.train.compile_clock import CompileClock
from dl.train.compiled import Compiled
from dl.train.device_errors import device_errors
from dl.train.listener import Listener
from dl.train.processes import are_several
from dl.train.quick import jit_quickly
from dl.train.record import Record, best_step, stops_early
from dl.train.skipping import check_skipped
from dl.train.training import Training
from dl.train.waiting import WaitingClock
from dl.types import Array, Metrics

_REMEDIES = (
    "lower --learning-rate, let it rise at first (--warm-up 100), or clip the gradient (--clip 1); "
    "the last checkpoint before it is kept"
)


def train_loop(
    compiled: Compiled,
    training: Training,
    listener: Listener | None = None,
    *,
    history: Sequence[Record] = (),
    validates: bool = True,
) -> tuple[Training, list[Record]]:
    """Train to the end of the plan, to an early stop, or until the listener asks to stop.

    Training starts at the step of `training`; `history` holds the earlier records. It stops early
    when the validation loss has not improved in the last `patience` evaluations of the plan, and
    when the mean training loss of a record is below its `stop_below`. With patience the listener is
    told of each state that validates best.
    Checkpoints are saved where the plan has them, and when a stop or an exception ends the loop.

    Raises:
        RunError: when the loss or the parameters stop being finite, or a device fails.
    """
    loop = _Loop(compiled, training, list(history), validates, listener or Listener())
    plan = compiled.plan
    with device_errors(), loop.saved_on_failure():
        loop.evaluate()  # missing if an earlier start ended after training and before evaluating
        while not loop.stops_early() and loop.step < plan.total_steps:
            if loop.listener.stop_requested():
                loop.checkpoint()
                break
            loop.advance()
        else:
            if loop.stops_early():
                loop.checkpoint()  # the plan may have none here, but the result is of this state
    return loop.training, loop.records


@dataclass
class _Loop:
    """A training in progress: its state, its step, and its records so far."""

    compiled: Compiled
    training: Training
    records: list[Record]
    validates: bool
    listener: Listener

    def __post_init__(self) -> None:
        self.step = self._step_of_state()
        members = self.compiled.layout.members
        batch_size = self.compiled.plan.batch_size * members
        self._throughput = _Throughput(batch_size, self.compiled.waiting)
        self._last_ticket: Any = None

    def stops_early(self) -> bool:
        """Whether validation has not improved for long enough, or the training loss is low."""
        plan = self.compiled.plan
        return stops_early(self.records, patience=plan.patience, stop_below=plan.stop_below)

    def advance(self) -> None:
        """Make one call, and the record, evaluation and checkpoint that are due after it."""
        plan, start = self.compiled.plan, self.step
        self.step = plan.call_end(start)
        self.training, ticket = self.compiled.advance(self.training, start, self.step)
        # One call computes while the next is prepared. With more calls under way, a signal would
        # wait longer and the progress shown would be ahead of the computation.
        jax.block_until_ready(self._last_ticket)
        self._last_ticket = ticket
        self._throughput.add(self.step - start)
        if plan.records_after(self.step):
            self._record_training()
        self.evaluate()
        if plan.checkpoints_after(self.step) or self.listener.wants_checkpoint():
            self.checkpoint()
        if plan.is_epoch_end(self.step):
            self._throughput.restart()
        self.listener.on_call(self.step)

    def evaluate(self) -> None:
        """Evaluate on the held-out part, if it is due and not recorded yet."""
        done = any(
            old.step == self.step and old.split == "validation" for old in reversed(self.records)
        )
        if not self.compiled.plan.evaluates_after(self.step) or done:
            return
        state = self.training.state
        sums = self.compiled.evaluate.sums(state, "validation") if self.validates else None
        # Before the record, because a resumed run skips an evaluation that is recorded.
        self.listener.on_evaluation(self.training, self.step)
        if sums is not None:
            self._record("validation", sums)
            self._keep_best()

    def checkpoint(self) -> None:
        """Let the listener save the state, if it is finite."""
        self._check_finite()
        self.listener.on_checkpoint(self.training, self.step)

    @contextlib.contextmanager
    def saved_on_failure(self) -> Iterator[None]:
        """Save the state when an exception other than a `RunError` ends the training."""
        try:
            yield
        except RunError:
            raise
        except Exception:
            if are_several():
                raise  # the others do not know of it, and a save needs all
            # The failed call may have consumed the donated state. Then nothing can be saved, and
            # the first error is the one to report.
            with contextlib.suppress(Exception):
                self.step = self._step_of_state()
                self.checkpoint()
            raise

    def _keep_best(self) -> None:
        """Let the listener keep the state that validates best, which is what patience is for."""
        if self.compiled.plan.patience and best_step(self.records) == self.step:
            self._check_finite()
            self.listener.on_best(self.training, self.step)

    def _check_finite(self) -> None:
        layout = self.compiled.layout
        check_finite(layout.fetch(self.training.state), self.step, members=layout.members)

    def _record_training(self) -> None:
        layout, plan = self.compiled.layout, self.compiled.plan
        totals = jax.device_get(layout.fetch(self.training.totals))
        if plan.most_skipped is not None:
            row = layout.fetch(self.training.state.skipped)
            check_skipped(row, self.step, most=plan.most_skipped)
        if not np.any(totals["loss"].count):
            return  # no row had a loss, or all steps were skipped: the next record counts them
        check_finite_loss(metrics.compute(totals), self.step)
        self.training = self.compiled.reset(self.training)
        self._record("train", totals, **self._throughput.since_last())

    def _record(self, split: str, sums: Metrics, **measured: float | None) -> None:
        epoch = round(self.step / self.compiled.plan.steps_per_epoch, 4)
        values, members = metrics.compute(sums), metrics.by_member(sums) or None
        record = Record(self.step, epoch, split, values, members=members, **measured)
        self.records.append(record)
        self.listener.on_record(record)

    def _step_of_state(self) -> int:
        return self.compiled.step_of(self.training)


def check_finite_loss(values: dict[str, float], step: int) -> None:
    """Raise a `RunError` that names the step when the loss is inf or nan."""
    if not math.isfinite(values["loss"]):
        raise DivergedError(f"the loss is {values['loss']} in the steps up to {step}: {_REMEDIES}")


def check_finite(state: Any, step: int, *, members: int = 1) -> None:
    """Raise a `RunError` when the state holds inf or nan, so that no checkpoint does.

    Of a population one member must be finite: those of a search may diverge.
    """
    numbers = [leaf for leaf in jax.tree.leaves(state) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    if not np.any(_jit_finite(members)(numbers)):
        raise DivergedError(
            f"a parameter or its optimizer state is not finite after step {step}: {_REMEDIES}"
        )


@cache
def _jit_finite(members: int) -> Callable[[list[Array]], Array]:
    """One program that tells whether no array holds inf or nan, [members] if there are several."""

    def finite(x: Array) -> Array:
        rows = x.reshape(members, -1)
        return jnp.isfinite(rows).all(axis=1)

    return jit_quickly(lambda numbers: jnp.array([finite(x) for x in numbers]).all(axis=0))


class _Throughput:
    """Speed and waiting since the last record, without the time of compilation."""

    def __init__(self, batch_size: int, waiting: WaitingClock) -> None:
        self._batch_size, self._waiting = batch_size, waiting
        self._compiling = CompileClock()
        self.restart()

    def restart(self) -> None:
        self._steps, self._since = 0, time.perf_counter()
        self._compiling.restart()
        self._waiting.seconds = 0.0

    def add(self, steps: int) -> None:
        self._steps += steps

    def since_last(self) -> dict[str, float | None]:
        seconds = max(time.perf_counter() - self._since - self._compiling.seconds, 1e-9)
        rate = round(self._steps * self._batch_size / seconds, 1)
        waiting = round(min(1.0, self._waiting.seconds / seconds), 4)
        counts = self._waiting.counts
        self.restart()
        return {"examples_per_second": rate, "waiting": waiting if counts else None}
