"""One process a run: two that train in the same folder would undo each other's work."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dl.errors import InputError


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends.

    Raises:
        InputError: when another process holds it.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system: there the user keeps count himself
        yield
        return
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{folder} is being trained by another process: wait for it, or stop it"
            ) from None
        yield
