"""Silence for the event loops of a library whose reads and writes were cut short by an error."""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def quiet_event_loops() -> Iterator[None]:
    """Placeholder."""
    yield
