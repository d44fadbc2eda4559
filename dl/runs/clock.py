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
