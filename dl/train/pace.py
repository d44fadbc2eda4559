"""How fast a training goes, and how long it still takes."""

import time


class Pace:
    """The time left of a training, by its steps per second."""

    def __init__(self) -> None:
        self._begun = self._in_first_epoch = False
        self._step, self._since = 0, 0.0

    def advance(self, step: int, *, ends_epoch: bool) -> None:
        """Hear that the steps up to `step` were handed to the device.

        The first call is compiled as it is made, and the evaluation at the first epoch's end: the
        time left counts from after both.
        """
        if not self._begun or (self._in_first_epoch and ends_epoch):
            self._in_first_epoch = not self._begun
            self._begun = True
            self._step, self._since = step, time.monotonic()

    def seconds_left(self, step: int, total: int) -> float | None:
        """Seconds to step `total` at the pace so far; None before there is one."""
        if not self._begun or step <= self._step:
            return None
        return (time.monotonic() - self._since) / (step - self._step) * (total - step)
