"""A clock that counts only compilation: tracing, lowering and XLA."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import jax

BACKGROUND = "dl-compile"
"""The prefix of threads in which programs are compiled while others run; they are not counted."""

_PHASES = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)
_intervals: list[tuple[float, float]] = []
_listening = False


def _listen(event: str, duration_secs: float, **kwargs: Any) -> None:
    if event in _PHASES and not threading.current_thread().name.startswith(BACKGROUND):
        _note(duration_secs)


def _note(seconds: float) -> None:
    """Keep the interval that just ended, in place of the shorter ones that it contains."""
    end = time.perf_counter()
    start = end - seconds
    while _intervals and _intervals[-1][0] >= start:
        _intervals.pop()
    _intervals.append((start, end))


@contextlib.contextmanager
def waiting() -> Iterator[None]:
    """Count the time in this block, in which the process waits for a program of another thread."""
    start = time.perf_counter()
    try:
        yield
    finally:
        _note(time.perf_counter() - start)


class CompileClock:
    """Seconds that the process has waited for compilation since this clock was restarted.

    >>> clock = CompileClock()
    >>> _ = jax.jit(lambda x: x + 1)(1.0)
    >>> clock.seconds > 0
    True
    """

    def __init__(self) -> None:
        global _listening
        # JAX offers no public way to remove a listener, so all clocks share one.
        if not _listening:
            jax.monitoring.register_event_duration_secs_listener(_listen)
            _listening = True
        self.restart()

    def restart(self) -> None:
        """Begin again from zero."""
        self._since = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds of compilation so far."""
        return sum(end - max(start, self._since) for start, end in _intervals if end > self._since)
