"""Start a run in several processes on the loopback, and see how each of them ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class End(NamedTuple):
    """How a process ended: exit code, standard output and error, seconds until then."""

    code: int
    output: str
    errors: str
    seconds: float


class ProcessGroup:
    """The processes of one run; `words` are those of the runner, the same for each."""

    def __init__(
        self, words: Sequence[str], *, count: int = 2, own_words: Sequence[Sequence[str]] = ()
    ) -> None:
        port = free_port()
        environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
        for name in ("JAX_NUM_CPU_DEVICES", "XLA_FLAGS"):
            environment.pop(name, None)
        self.processes = []
        for number in range(count):
            joining = ["--coordinator", f"127.0.0.1:{port}", "--processes", str(count)]
            joining += ["--process-id", str(number)]
            own = own_words[number] if own_words else ()
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "experiments", *words, *own, *joining],
                    cwd=ROOT,
                    env=environment,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )

    def signal(self, process: int, number: signal.Signals) -> None:
        """Send a signal to one process."""
        self.processes[process].send_signal(number)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float = 240.0) -> None:
        """Wait until `condition` holds while all processes live."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or any(each.poll() is not None for each in self.processes):
                self.kill()
                raise AssertionError([each.communicate() for each in self.processes])
            time.sleep(0.05)

    def ends(self, *, seconds: float = 300.0) -> list[End]:
        """How the processes end; what takes longer is killed, with code -9."""
        begun = time.monotonic()
        last: dict[int, float] = {}
        while len(last) < len(self.processes) and time.monotonic() - begun < seconds:
            for number, process in enumerate(self.processes):
                if process.poll() is not None:
                    last.setdefault(number, time.monotonic() - begun)
            time.sleep(0.1)
        self.kill()
        told = [each.communicate() for each in self.processes]
        return [
            End(process.returncode, output, errors, last.get(number, seconds))
            for number, (process, (output, errors)) in enumerate(
                zip(self.processes, told, strict=True)
            )
        ]

    def kill(self) -> None:
        """End what still runs."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()


def free_port() -> int:
    """A port of the loopback at which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
