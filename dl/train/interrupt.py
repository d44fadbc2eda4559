"""Stopping on a signal: the first stops at the next call, the second at once."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

# Windows has no SIGHUP, which a terminal sends when it is closed.
_STOPPING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class StopRequest:
    """A context manager that turns SIGINT, SIGTERM and SIGHUP into a flag, which the loop checks.

    A second SIGINT calls `insist` and then raises KeyboardInterrupt. A signal that is ignored stays
    ignored, as in a background job or under nohup. A signal that C code handles is left to it,
    because Python could not give it back. Outside the main thread, where Python allows no signal
    handlers, it does nothing.

    >>> with StopRequest() as stop:
    ...     signal.raise_signal(signal.SIGINT)
    ...     stop.requested, stop.signal_name
    (True, 'SIGINT')
    """

    def __init__(self, insist: Callable[[], None] | None = None) -> None:
        self._insist = insist
        self.number: int | None = None
        self._previous: dict[int, object] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal has come."""
        return self.number is not None

    @property
    def signal_name(self) -> str:
        """The signal's name, such as SIGTERM."""
        return signal.Signals(self.number).name if self.number is not None else "none"

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as in shells: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + self.number if self.number is not None else 0

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in _STOPPING:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._previous.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            if self._insist is not None:
                self._insist()
            raise KeyboardInterrupt
        self.number = number
