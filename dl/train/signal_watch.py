"""Hear a signal while the main thread is in code that cannot be interrupted.

Python calls a signal's handler between two instructions of the main thread. XLA compiles for many
seconds within one, so until then neither Ctrl-C nor SIGTERM would be answered.
"""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable

from dl.screen import in_notebook

_ours: set[int] = set()
"""The file descriptors that watches have given to Python."""


class SignalWatch:
    """A context manager that calls `heard(number)` in a thread as soon as a signal comes.

    Only signals that have a Python handler are heard; of two watches, one inside of the other, the
    inner hears. It does nothing outside the main thread, in a notebook, and where another library
    already listens in this way (asyncio does).

    >>> came = threading.Event()
    >>> before = signal.signal(signal.SIGTERM, lambda number, frame: None)
    >>> with SignalWatch(lambda number: came.set()):
    ...     signal.raise_signal(signal.SIGTERM)
    ...     came.wait(5)
    True
    >>> _ = signal.signal(signal.SIGTERM, before)
    """

    def __init__(self, heard: Callable[[int], None]) -> None:
        self._heard = heard
        self._ends: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> "SignalWatch":
        if threading.current_thread() is not threading.main_thread() or in_notebook():
            return self
        reader, writer = socket.socketpair()
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        if before != -1 and before not in _ours:
            signal.set_wakeup_fd(before, warn_on_full_buffer=False)
            reader.close()
            writer.close()
            return self
        self._ends, self._before = (reader, writer), before
        _ours.add(writer.fileno())
        self._thread = threading.Thread(target=self._listen, args=[reader], daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._ends is None:
            return
        reader, writer = self._ends
        signal.set_wakeup_fd(self._before, warn_on_full_buffer=False)
        _ours.discard(writer.fileno())
        writer.close()  # ends the thread
        self._thread.join()
        reader.close()
        self._ends = None

    def _listen(self, reader: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while number := reader.recv(1):
                self._heard(number[0])
