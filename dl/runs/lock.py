"""A lock on a run's folder, so that no two processes train in it at once."""

import contextlib
import errno
import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from dl.errors import InputError

_TABLE = Path("/proc/locks")
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}
_NO_WRITING = {errno.EROFS, errno.EACCES, errno.EPERM}
OWNER = "lock.owner"
"""The file that stands for a lock where the file system has none: a process and its machine."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system releases it when the process ends, however it ends.

    Some network file systems have no locks: there a warning is given, and a file stands for one. It
    stays when its process is killed; a process of the same machine then takes it over.

    Raises:
        InputError: when another process holds the lock, or the folder cannot be written into.
    """
    # The soft fallback of filelock would refuse for ever after its process was killed.
    lock, owner = FileLock(folder / "lock", timeout=0, fallback_to_soft=False), None
    try:
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{folder} is being trained by another process: wait for it, or stop it"
        ) from None
    except OSError as error:
        if error.errno in _NO_WRITING:
            raise InputError(
                f"{folder} cannot be written into ({error.strerror}): copy it to a folder that can"
            ) from None
        if error.errno not in _NO_LOCKS:
            raise InputError(
                f"{folder / 'lock'} cannot be used ({error.strerror}): remove it"
            ) from error
        owner = _own(folder)
        warnings.warn(
            f"the file system of {folder} has no locks: {OWNER} stands for one", stacklevel=3
        )
    try:
        yield
    finally:
        lock.release()
        if owner is not None:
            owner.unlink(missing_ok=True)


def _own(folder: Path) -> Path:
    """The file that says that this process trains in `folder`."""
    path, here = folder / OWNER, f"{os.getpid()} {socket.gethostname()}"
    for _ in range(2):
        with contextlib.suppress(FileExistsError):
            # Made under its final name by one process alone, whatever the file system.
            with path.open("x", encoding="utf-8") as file:
                file.write(here)
            return path
        said = path.read_text(encoding="utf-8", errors="replace")[:300]
        process, _, machine = said.partition(" ")
        if machine != socket.gethostname() or _lives(process):
            break
        path.unlink(missing_ok=True)
    raise InputError(
        f"{folder} is being trained by another process, says {path} (process {process or '?'} on "
        f"{machine or '?'}): wait for it, or remove that file if the process is gone"
    )


def _lives(process: str) -> bool:
    """Whether a process of this machine with this number exists."""
    try:
        os.kill(int(process), 0)
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    except PermissionError:  # of another user
        pass
    return True


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
