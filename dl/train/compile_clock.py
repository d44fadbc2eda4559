"""A clock that counts only compilation: tracing, lowering and XLA."""

import time
from typing import Any

import jax

_PHASES = (
    "/jax/core/compile/jaxpr_trace_duration",
    "/jax/core/compile/jaxpr_to_mlir_module_duration",
    "/jax/core/compile/backend_compile_duration",
)
_intervals: list[tuple[float, float]] = []
_listening = False


def _listen(event: str, duration_secs: float, **kwargs: Any) -> None:
    """Keep the interval that just ended, in place of the shorter ones that it contains."""
    if event not in _PHASES:
        return
    end = time.perf_counter()
    start = end - duration_secs
    while _intervals and _intervals[-1][0] >= start:
        _intervals.pop()
    _intervals.append((start, end))


class CompileClock:
    """Seconds that JAX has spent compiling since this clock was made or restarted.

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
