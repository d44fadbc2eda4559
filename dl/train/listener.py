"""Callbacks of the training loop."""

import enum
from typing import Any, Final

from dl.train.record import Record


class Stop(enum.Enum):
    """The answer of a callback that wants no more training; nothing else stops it."""

    STOP = "stop"

    def __repr__(self) -> str:
        return "dl.STOP"


STOP: Final = Stop.STOP
"""What `on_record` of `dl.fit` returns to end the training after the current call."""


class Listener:
    """Callbacks of the training loop; each does nothing unless a subclass overrides it.

    >>> class Losses(Listener):
    ...     def __init__(self):
    ...         self.values = []
    ...     def on_record(self, record):
    ...         self.values.append(record.values["loss"])
    """

    def on_record(self, record: Record) -> None:
        """A record was made."""

    def on_evaluation(self, training: Any, step: int) -> None:
        """An evaluation was due after `step`; it is called even if no part is held out.

        A training that resumes at such a step may call it a second time.
        """

    def on_best(self, training: Any, step: int) -> None:
        """The validation loss is the lowest so far, in a training with patience: keep `training`.

        All its numbers are finite, and the next call may overwrite them.
        """

    def on_call(self, step: int) -> None:
        """The steps up to `step` were handed to the device."""

    def on_checkpoint(self, training: Any, step: int) -> None:
        """A checkpoint is due: save `training`, all of whose numbers are finite."""

    def wants_checkpoint(self) -> bool:
        """Whether a checkpoint is due after this call, where the plan has none."""
        return False

    def stop_requested(self) -> bool:
        """Whether the loop should end before its next call."""
        return False
