"""The loop: chunks of steps, with records, evaluations and checkpoints between them.

It takes functions and knows neither files nor pictures.
"""

import contextlib
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp

from dl import metrics
from dl.errors import RunError
from dl.train.compile_clock import CompileClock
from dl.train.compiled import Compiled, Training

_REMEDIES = (
    "lower --learning-rate, or in code of your own warm it up (optimizers.warm_up) or clip the gradient "
    "(optimizers.clipped); the last checkpoint before it is kept"
)


@dataclass(frozen=True)
class Record:
    """One line of a run's history: the means over the steps since the last record, or over a
    held-out part.
    """

    step: int
    epoch: float
    split: str
    values: dict[str, float]
    examples_per_second: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The record as plain data, in the order that files have it."""
        return asdict(self)


def train_loop(
    compiled: Compiled,
    training: Training,
    *,
    history: Sequence[Record] = (),
    validates: bool = True,
    patience: int = 0,
    batch_size: int,
    on_record: Callable[[Record], None] = lambda record: None,
    on_evaluation: Callable[[Training, int], None] = lambda training, step: None,
    on_chunk: Callable[[int], None] = lambda step: None,
    on_checkpoint: Callable[[Training, int], None] = lambda training, step: None,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Training, list[Record]]:
    """Train until the plan is fulfilled, `stop()` says so, or validation has not improved for
    `patience` looks.

    Goes on from the step that `training` is at; `history` is what was recorded before it.
    `on_checkpoint` is called where the plan has a checkpoint, and once more when `stop()` or an
    exception ends the loop between two of them. `on_evaluation` is called where the plan evaluates,
    also when nothing is held out to be validated on; when a loop begins at such a step, perhaps a
    second time.

    Raises:
        RunError: when the loss or the parameters stop being finite.
    """
    loop = _Loop(
        compiled,
        training,
        list(history),
        validates,
        batch_size,
        on_record,
        on_evaluation,
        on_checkpoint,
    )
    with loop.saved_on_failure():
        loop.evaluate()  # owed if the loop was ended between this step's training and its evaluation
        while (
            not (early := stops_early(loop.records, patience=patience))
            and loop.step < compiled.plan.total_steps
        ):
            if stop():
                loop.checkpoint()
                break
            loop.advance()
            on_chunk(loop.step)
        else:
            if early:
                loop.checkpoint()  # the plan may have none here, and these are the parameters of the result
    return loop.training, loop.records


@dataclass
class _Loop:
    """A training on its way: its state, the step that it is at, and what was recorded."""

    compiled: Compiled
    training: Training
    records: list[Record]
    validates: bool
    batch_size: int
    on_record: Callable[[Record], None]
    on_evaluation: Callable[[Training, int], None]
    on_checkpoint: Callable[[Training, int], None]

    def __post_init__(self) -> None:
        self.step = self._step_of_state()
        self._throughput = _Throughput(self.batch_size)
        self._behind: Any = None

    def advance(self) -> None:
        """A chunk of steps, and all that the plan has at its end."""
        start, self.step = self.step, self.compiled.plan.chunk_end(self.step)
        self.training, ticket = self.compiled.advance(self.training, start, self.step)
        # One chunk computes while the next is prepared; more would make a signal wait and progress
        # lie.
        jax.block_until_ready(self._behind)
        self._behind = ticket
        self._throughput.add(self.step - start)
        if self.compiled.plan.records_after(self.step):
            self._record_training()
        self.evaluate()
        if self.compiled.plan.checkpoints_after(self.step):
            self.checkpoint()
        if self.compiled.plan.is_epoch_end(self.step):
            self._throughput.restart()

    def evaluate(self) -> None:
        """On the held-out part, where the plan has it and the records do not yet."""
        done = any(
            old.step == self.step and old.split == "validation" for old in reversed(self.records)
        )
        if not self.compiled.plan.evaluates_after(self.step) or done:
            return
        values = (
            self.compiled.evaluate(self.training.state, "validation") if self.validates else None
        )
        self.on_evaluation(
            self.training, self.step
        )  # before the record, which tells a resume that all of it is done
        if values is not None:
            self._record("validation", values)

    def checkpoint(self) -> None:
        """Hand the state on, if it is sound."""
        check_finite(self.compiled.layout.fetch(self.training.state), self.step)
        self.on_checkpoint(self.training, self.step)

    @contextlib.contextmanager
    def saved_on_failure(self) -> Iterator[None]:
        """Save what there is when an exception comes that is not the training's own."""
        try:
            yield
        except RunError:
            raise
        except Exception:
            # Donation may have taken the state with it; then there is nothing to save and the first
            # error counts.
            with contextlib.suppress(Exception):
                self.step = self._step_of_state()
                self.checkpoint()
            raise

    def _record_training(self) -> None:
        values = metrics.compute(self.compiled.layout.fetch(self.training.totals))
        check_finite_loss(values, self.step)
        self.training = self.compiled.reset(self.training)
        self._record("train", values, self._throughput.rate())

    def _record(self, split: str, values: dict[str, float], rate: float | None = None) -> None:
        epoch = round(self.step / self.compiled.plan.steps_per_epoch, 4)
        self.records.append(Record(self.step, epoch, split, values, rate))
        self.on_record(self.records[-1])

    def _step_of_state(self) -> int:
        return int(self.compiled.layout.fetch(self.training.state.step))


def stops_early(records: Sequence[Record], *, patience: int) -> bool:
    """Whether the validation loss has not reached a new low in the last `patience` evaluations.

    >>> losses = [Record(step, step, "validation", {"loss": loss}) for step, loss in enumerate([3.0, 1.0, 2.0, 2.0])]
    >>> stops_early(losses, patience=2), stops_early(losses, patience=3)
    (True, False)
    """
    losses = [record.values["loss"] for record in records if record.split == "validation"]
    if not patience or len(losses) <= patience:
        return False
    return len(losses) - 1 - losses.index(min(losses)) >= patience


def check_finite_loss(values: dict[str, float], step: int) -> None:
    """Raise a `RunError` that names the step when the loss is inf or nan."""
    if not math.isfinite(values["loss"]):
        raise RunError(f"the loss is {values['loss']} in the steps up to {step}: {_REMEDIES}")


def check_finite(state: Any, step: int) -> None:
    """Raise a `RunError` when a number of the state is inf or nan, so that no checkpoint ever holds
    one.
    """
    numbers = [leaf for leaf in jax.tree.leaves(state) if jnp.issubdtype(leaf.dtype, jnp.floating)]
    if not all(jax.device_get([jnp.isfinite(leaf).all() for leaf in numbers])):
        raise RunError(
            f"a parameter or its optimizer state is not finite after step {step}: {_REMEDIES}"
        )


class _Throughput:
    """Examples a second since the last asking, compilation left out."""

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self._compiling = CompileClock()
        self.restart()

    def restart(self) -> None:
        self._steps, self._since = 0, time.perf_counter()
        self._compiling.restart()

    def add(self, steps: int) -> None:
        self._steps += steps

    def rate(self) -> float:
        seconds = time.perf_counter() - self._since - self._compiling.seconds
        rate = self._steps * self._batch_size / max(seconds, 1e-9)
        self.restart()
        return round(rate, 1)
