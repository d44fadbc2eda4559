"""What the training loop tells to whoever runs it."""

from typing import Any

from dl.train.record import Record


class Listener:
    """Hears of everything that the loop does. Each method does nothing unless it is overridden.

    >>> class Losses(Listener):
    ...     def __init__(self):
    ...         self.values = []
    ...     def on_record(self, record):
    ...         self.values.append(record.values["loss"])
    """

    def on_record(self, record: Record) -> None:
        """A record was made."""

    def on_evaluation(self, training: Any, step: int) -> None:
        """The held-out part was looked at, or would have been if there were one.

        A loop that begins at such a step may tell it a second time.
        """

    def on_call(self, step: int) -> None:
        """The steps up to `step` were handed to the device."""

    def on_checkpoint(self, training: Any, step: int) -> None:
        """`training`, which is finite, is to be saved."""

    def stop_requested(self) -> bool:
        """Whether the loop is to end before the next call."""
        return False
