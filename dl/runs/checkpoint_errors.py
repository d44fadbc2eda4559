"""Errors of Orbax and TensorStore as one line."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from dl.errors import RunError, first_line


@contextlib.contextmanager
def as_run_error(what: str, folder: Path) -> Iterator[None]:
    """Turn the many errors of Orbax on a full or read-only disk into one of one line."""
    try:
        yield
    except Exception as error:
        raise RunError(
            f"cannot {what} {folder}: {_cause(error)}; earlier checkpoints are kept"
        ) from error


def _cause(error: Exception) -> str:
    """The system's own words, where TensorStore gives them at the end of a long line."""
    of_system = re.search(r"([^:]+) \[os_error_code", str(error))
    return of_system[1].strip() if of_system else first_line(error)
