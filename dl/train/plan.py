"""The schedule of a run: the steps of each call; when to record, evaluate and save."""

from dataclasses import dataclass

from dl.data.sources.batching import steps_per_epoch
from dl.train.options import TrainOptions


@dataclass(frozen=True)
class Plan:
    """Steps, epochs and calls. A compiled call makes `steps_per_call` steps, or fewer.

    Calls end at fixed steps of an epoch, whatever step a run is resumed at. They also end where a
    record is due and where an epoch ends, so the records do not depend on the length of calls.

    >>> plan = Plan(steps_per_epoch=10, epochs=2, steps_per_call=4, log_every=5)
    >>> [plan.call_end(step) for step in (0, 4, 5, 8, 10)]
    [4, 5, 8, 10, 14]
    """

    steps_per_epoch: int
    epochs: int
    steps_per_call: int
    log_every: int
    evaluate_every: int = 1
    checkpoint_every: int = 1
    batch_size: int = 1
    patience: int = 0
    stop_below: float = 0.0
    most_skipped: int | None = None
    """Steps in a row that may be skipped because they are not finite; None skips none."""

    @property
    def total_steps(self) -> int:
        """The number of steps in the whole run."""
        return self.steps_per_epoch * self.epochs

    def call_end(self, step: int) -> int:
        """The step that the call starting at `step` runs up to."""
        epoch, position = divmod(step, self.steps_per_epoch)
        lengths = (self.steps_per_call, self.log_every, self.steps_per_epoch)
        ends = ((position // length + 1) * length for length in lengths)
        return epoch * self.steps_per_epoch + min(ends)

    def epochs_done(self, step: int) -> int:
        """Complete epochs after `step` steps."""
        return step // self.steps_per_epoch

    def is_epoch_end(self, step: int) -> bool:
        """Whether step number `step` closes an epoch."""
        return step > 0 and step % self.steps_per_epoch == 0

    def records_after(self, step: int) -> bool:
        """Whether a training record is due after `step`."""
        return self.is_epoch_end(step) or step % self.steps_per_epoch % self.log_every == 0

    def evaluates_after(self, step: int) -> bool:
        """Whether an evaluation is due after `step`."""
        return self._falls_on(step, self.evaluate_every)

    def checkpoints_after(self, step: int) -> bool:
        """Whether a checkpoint is due after `step`."""
        return self._falls_on(step, self.checkpoint_every)

    def _falls_on(self, step: int, every: int) -> bool:
        last = step == self.total_steps
        return self.is_epoch_end(step) and (last or self.epochs_done(step) % every == 0)


def make_plan(options: TrainOptions, *, train_size: int, steps_per_call: int) -> Plan:
    """The plan of a run with `options` on `train_size` examples."""
    in_epoch = steps_per_epoch(train_size, options.batch_size)
    return Plan(
        steps_per_epoch=in_epoch,
        epochs=options.epochs,
        steps_per_call=min(steps_per_call, in_epoch),
        log_every=options.log_every,
        evaluate_every=options.evaluate_every,
        checkpoint_every=options.checkpoint_every,
        batch_size=options.batch_size,
        patience=options.patience,
        stop_below=options.stop_below,
        most_skipped=options.skips_at_most,
    )
