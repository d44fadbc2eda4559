"""The time that a run takes, over all its starts."""

import time

from dl.train.compile_clock import CompileClock


class RunClock:
    """Wall and compile seconds of a run: since the clock was made, plus earlier starts."""

    def __init__(self) -> None:
        self._before, self._compiled_before = 0.0, 0.0
        self._since = time.perf_counter()
        self._compiling = CompileClock()

    def add_earlier(self, notes: dict[str, float]) -> None:
        """Add the seconds in the `notes` of an earlier start."""
        self._before = notes["wall_seconds"]
        self._compiled_before = notes["compile_seconds"]

    def notes(self) -> dict[str, float]:
        """Seconds so far, in the form that checkpoints and results store."""
        return {
            "wall_seconds": round(self._before + time.perf_counter() - self._since, 3),
            "compile_seconds": round(self._compiled_before + self._compiling.seconds, 3),
        }


class SaveTimer:
    """Tells when it is time to save again: `minutes` after the last save; never if they are 0.

    >>> timer = SaveTimer(1e-9)
    >>> timer.is_due(), SaveTimer(0).is_due()
    (True, False)
    """

    def __init__(self, minutes: float) -> None:
        self._seconds = 60 * minutes
        self.restart()

    def restart(self) -> None:
        """Begin to count again: a save has begun."""
        self._since = time.perf_counter()  # which no change of the computer's clock moves

    def is_due(self) -> bool:
        """Whether the time is over."""
        return bool(self._seconds) and time.perf_counter() - self._since >= self._seconds
