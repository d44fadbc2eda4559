"""Silence for the event loops of Orbax whose reads and writes an error cut short.

The error itself is raised where it belongs. The other reads and writes under way then end in a
loop that is closed, and each would print a traceback of its own.
"""

import contextlib
import gc
import logging
import sys
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_CLOSED = "Event loop is closed"


@contextlib.contextmanager
def quiet_event_loops() -> Iterator[None]:
    """Print no tracebacks of reads and writes whose loop is closed."""
    unraisable, uncaught = sys.unraisablehook, sys.excepthook

    def quiet_unraisable(raised: Any) -> None:
        if _CLOSED not in str(raised.exc_value) and not _passed_orbax(raised.exc_traceback):
            unraisable(raised)

    def quiet_uncaught(kind: Any, error: Any, trace: Any) -> None:
        # TensorStore prints what its callbacks raise by this hook.
        if _CLOSED not in str(error):
            uncaught(kind, error, trace)

    sys.unraisablehook, sys.excepthook = quiet_unraisable, quiet_uncaught
    try:
        yield
    finally:
        if sys.unraisablehook is quiet_unraisable:
            sys.unraisablehook = unraisable
        if sys.excepthook is quiet_uncaught:
            sys.excepthook = uncaught


def drop_cut_short() -> None:
    """Free the reads that an error cut short now, while nothing of them is printed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        gc.collect()


def _passed_orbax(trace: TracebackType | None) -> bool:
    """Whether an error came out of Orbax's own code."""
    files = (frame.f_code.co_filename for frame, _ in traceback.walk_tb(trace))
    return any("orbax" in Path(file).parts for file in files)


def silence_log() -> None:
    """Drop what Orbax logs, once it is imported: it raises the same errors.

    The logger must not be made before, because it is of a class of its own.
    """
    for name in ("absl", "asyncio"):
        logging.getLogger(name).addFilter(_is_worth_saying)


def _is_worth_saying(record: logging.LogRecord) -> bool:
    text = f"{record.getMessage()} {(record.exc_info or (None, None))[1]}".lower()
    cut_short = "never retrieved" in text or "destroyed but it is pending" in text
    of_orbax = any(word in text for word in ("orbax", "tensorstore", "ocdbt"))
    return record.name != "absl" and not (cut_short and of_orbax)
