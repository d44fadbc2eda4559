"""A profiler's trace of some steps of a run."""

import sys
from pathlib import Path
from types import TracebackType

import jax

PROFILED_STEPS = 20


class Profiler:
    """Writes a trace of at least `PROFILED_STEPS` steps, without compilation, into `folder`.

    It does nothing when `folder` is None. A context manager; call `advance` after every compiled
    call. The folder holds an XPlane file,
    which TensorBoard's profile plug-in reads, and `perfetto_trace.json.gz`, which
    https://ui.perfetto.dev opens.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._first: int | None = None

    def __enter__(self) -> "Profiler":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def advance(self, step: int) -> None:
        """Start after the first call, which compiles, and stop after `PROFILED_STEPS` steps."""
        if self._folder is None:
            return
        if self._first is None:
            jax.profiler.start_trace(str(self._folder), create_perfetto_trace=True)
            self._first = step
        elif step >= self._first + PROFILED_STEPS:
            self._stop()

    def _stop(self) -> None:
        if self._folder is None or self._first is None:
            return
        jax.profiler.stop_trace()
        trace = max(
            self._folder.rglob("perfetto_trace.json.gz"), key=lambda path: path.stat().st_mtime
        )
        print(
            f"trace of {PROFILED_STEPS} steps or more from step {self._first} in {trace}",
            file=sys.stderr,
        )
        self._folder = None
