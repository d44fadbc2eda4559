"""A lock on a run's folder, so that no two processes train in it at once."""

import contextlib
import errno
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from dl.errors import InputError

_TABLE = Path("/proc/locks")
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system releases it when the process ends, however it ends.

    Some network file systems have no locks: there a warning is given and nothing is locked.

    Raises:
        InputError: when another process holds the lock.
    """
    # The soft fallback of filelock is a file, which stays when its process is killed. On another
    # machine the run could then not be resumed.
    lock = FileLock(folder / "lock", timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{folder} is being trained by another process: wait for it, or stop it"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        warnings.warn(
            f"the file system of {folder} has no locks: start no second process in it", stacklevel=3
        )
    try:
        yield
    finally:
        lock.release()


def is_locked(folder: Path) -> bool | None:
    """Whether a process of this machine trains in `folder`; None where the system does not tell.

    Linux lists its locks, so nothing is locked to find out.
    """
    try:
        number = (folder / "lock").stat().st_ino
    except OSError:
        return False
    try:
        lines = _TABLE.read_text().splitlines()
    except OSError:
        return None
    # Such as `1: FLOCK  ADVISORY  WRITE 8816 fe:00:3885296 0 EOF`: the last number is the inode's.
    return any(f":{number} " in line for line in lines if "FLOCK" in line)
