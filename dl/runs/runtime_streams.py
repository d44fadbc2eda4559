"""What JAX's distributed runtime writes, and how it ends a process, turned into one line.

When another process is lost, the runtime writes a page of C++ and aborts the process, and offers no
way to be asked first. So its writing goes to a file without a name, and the abort ends the process
with a line that `describe` makes of it.
"""

import contextlib
import ctypes
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, TextIO

_MOST_READ = 20_000
_streams: list[TextIO] = []


def error_stream() -> TextIO:
    """Where errors of this process are written, whatever `sys.stderr` is now."""
    return _streams[-1] if _streams else sys.stderr


@contextlib.contextmanager
def quiet_runtime(describe: Callable[[str], str]) -> Iterator[None]:
    """Within it, only Python writes to standard output and error; an abort is one line."""
    with (
        tempfile.TemporaryFile() as written,
        _moved("stdout", written.fileno()),
        _moved("stderr", written.fileno()) as errors,
        _abort_with(lambda: describe(_end_of(written.fileno())), errors),
    ):
        _streams.append(errors)
        try:
            yield
        finally:
            _streams.pop()


@contextlib.contextmanager
def _moved(name: str, elsewhere: int) -> Iterator[TextIO]:
    """Python's stream on a file of its own, while C code that writes to it writes `elsewhere`."""
    before: TextIO = getattr(sys, name)
    number = 1 if name == "stdout" else 2
    before.flush()
    own = os.dup(number)
    stream = os.fdopen(
        os.dup(own), "w", buffering=1, encoding=before.encoding, errors=before.errors
    )
    os.dup2(elsewhere, number)
    setattr(sys, name, stream)
    try:
        yield stream
    finally:
        setattr(sys, name, before)
        os.dup2(own, number)
        os.close(own)
        with contextlib.suppress(OSError):
            stream.close()


@contextlib.contextmanager
def _abort_with(line: Callable[[], str], stream: TextIO) -> Iterator[None]:
    """Let `abort` write a line and end the process with code 1.

    Python's own handlers run between two instructions of the main thread, which an abort in
    another thread does not wait for. So this one is called by the system.
    """
    libc = ctypes.CDLL(None)
    libc.signal.argtypes, libc.signal.restype = [ctypes.c_int, ctypes.c_void_p], ctypes.c_void_p

    def aborted(number: int) -> None:
        with contextlib.suppress(BaseException):
            os.write(stream.fileno(), (line() + "\n").encode())
        os._exit(1)

    handler: Any = ctypes.CFUNCTYPE(None, ctypes.c_int)(aborted)
    before = libc.signal(signal.SIGABRT, ctypes.cast(handler, ctypes.c_void_p))
    try:
        yield
    finally:
        libc.signal(signal.SIGABRT, before)


def _end_of(file: int) -> str:
    size = os.fstat(file).st_size
    return os.pread(file, _MOST_READ, max(0, size - _MOST_READ)).decode(errors="replace")
