"""Which signals stop a training, and which are left alone."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dl.train.interrupt import StopRequest

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_each_asks_to_stop_and_gives_its_exit_code(number: signal.Signals, code: int) -> None:
    with StopRequest() as stop:
        signal.raise_signal(number)
        assert stop.requested
    assert (stop.exit_code, stop.signal_name) == (code, number.name)


@pytest.mark.parametrize("number", SIGNALS)
def test_what_is_ignored_stays_ignored(number: signal.Signals) -> None:
    signal.signal(number, signal.SIG_IGN)
    with StopRequest() as stop:
        signal.raise_signal(number)
        assert not stop.requested
    assert signal.getsignal(number) == signal.SIG_IGN


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with StopRequest():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_handler_of_c_code_is_left_to_it() -> None:
    """Python cannot give it back, so that leaving would raise and lose the trained result."""
    code = (
        "import ctypes, signal\n"
        "from dl.train.interrupt import StopRequest\n"
        "libc, handler = ctypes.CDLL(None), ctypes.CFUNCTYPE(None, ctypes.c_int)\n"
        "heard = []\n"
        "own = handler(heard.append)\n"
        "libc.signal(signal.SIGINT, own)\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "import importlib\n"
        "class Seen: pass\n"
        "real = signal.getsignal\n"
        "signal.getsignal = lambda n: None if n == signal.SIGINT else real(n)\n"
        "with StopRequest() as stop: signal.raise_signal(signal.SIGINT)\n"
        "print(heard, stop.requested)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[2] False\n", done.stderr
