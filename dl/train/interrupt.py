"""Stopping on a signal: the first stops at the next call, the second at once."""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

from dl.train.signal_watch import SignalWatch

# Windows has no SIGHUP, which a terminal sends when it is closed.
_STOPPING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class StopRequest:
    """A context manager that turns SIGINT, SIGTERM and SIGHUP into a flag, which the loop checks.

    A second SIGINT calls `insist` and then raises KeyboardInterrupt. A signal that is ignored stays
    ignored, as in a background job or under nohup. A signal that C code handles is left to it,
    because Python could not give it back. Outside the main thread, where Python allows no signal
    handlers, it does nothing. `announce` is called with the number of the first signal, and both at
    once, also while a program is compiled: then in another thread. If the context is not left
    within `grace` seconds of the first signal, `late` is called with its number, in another thread;
    0 waits as long as it takes.

    >>> with StopRequest() as stop:
    ...     signal.raise_signal(signal.SIGINT)
    ...     stop.requested, stop.signal_name
    (True, 'SIGINT')
    """

    def __init__(
        self,
        insist: Callable[[], None] | None = None,
        announce: Callable[[int], None] = lambda number: None,
        *,
        grace: float = 0.0,
        late: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._insist, self._announce = insist, announce
        self._grace, self._late = grace, late
        self._alarm: threading.Timer | None = None
        self._heard: list[int] = []
        self._came_here = False
        self._watch = SignalWatch(self._hear)
        self.number: int | None = None
        self._previous: dict[int, object] = {}

    @property
    def requested(self) -> bool:
        """Whether a signal has come."""
        return self.number is not None

    def at_boundary(self) -> bool:
        """Whether to stop between two calls of the training."""
        return self.requested

    def hear(self, number: int) -> None:
        """Request a stop because a signal has come to another process of the run."""
        self.number = self.number or number

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
        self._watch.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watch.__exit__(kind, error, trace)
        if self._alarm is not None:
            self._alarm.cancel()
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._previous.clear()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._came_here and number == signal.SIGINT:
            if self._insist is not None:
                self._insist()
            raise KeyboardInterrupt
        self._begin_grace(number)
        self.number, self._came_here = number, True

    def _begin_grace(self, number: int) -> None:
        if self._grace and self._alarm is None:
            self._alarm = threading.Timer(self._grace, self._late, [number])
            self._alarm.daemon = True
            self._alarm.start()

    def _hear(self, number: int) -> None:
        """Answer a signal in another thread: the main thread may be compiling for long."""
        self._heard.append(number)
        if len(self._heard) == 1:
            self._begin_grace(number)
            self._announce(number)
        elif number == signal.SIGINT and self._insist is not None:
            self._insist()


def say_stopping(number: int) -> None:
    """Say that a signal was heard, whatever the main thread is doing."""
    again = "; Ctrl-C again leaves at once" if number == signal.SIGINT else ""
    name = signal.Signals(number).name
    # The terminal shows ^C, or a bar, on the line that the cursor is on.
    begin = "\n" if sys.stderr.isatty() else ""
    text = f"{begin}{name}: stopping after what is being computed{again}"
    with contextlib.suppress(OSError):  # SIGHUP comes when the terminal is gone
        print(text, file=sys.stderr, flush=True)
