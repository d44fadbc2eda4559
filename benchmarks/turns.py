"""Processes that stay alive and take turns of a second or less, for machines whose speed drifts."""

import contextlib
import json
import subprocess
import sys
import tempfile
from typing import IO, Any

from benchmarks.processes import environment
from dl.errors import RunError


class Turns:
    """The work of `run_benchmarks` in processes that live as long as their benchmark.

    A call makes one turn: the process repeats its work for `seconds` and answers with the median.
    The first call starts the process, which compiles. What is measured in one piece, such as a
    start or a peak of memory, gets a process of its own at every turn.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._benchmark = ""
        self._players: dict[str, _Player] = {}

    def __call__(self, name: str, system: str) -> dict[str, Any]:
        """One turn of `system` at benchmark `name`.

        Raises:
            RunError: when its process ends, with the last line of its standard error.
        """
        if name != self._benchmark:
            self.close()
            self._benchmark = name
        if system not in self._players:
            self._players[system] = _Player(name, system)
        answer: dict[str, Any] = {"done": True}  # a process that ended is not asked again
        try:
            answer = self._players[system].turn(self._seconds)
        finally:
            if answer["done"]:
                self._players.pop(system).close()
        return answer

    def close(self) -> None:
        """End the processes of the benchmark."""
        while self._players:
            self._players.popitem()[1].close()

    def __enter__(self) -> "Turns":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Player:
    """A process that measures whenever it is asked to."""

    def __init__(self, name: str, system: str) -> None:
        # It is closed when the process is; a pipe could fill and stop the process.
        self._complaints: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name, system, "--turns"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            env=environment(),
        )

    def turn(self, seconds: float) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{seconds}\n")
            process.stdin.flush()
        except BrokenPipeError as error:
            raise RunError(self._last_words()) from error
        for line in process.stdout:  # libraries may print too
            if line.startswith("{"):
                return json.loads(line)
        raise RunError(self._last_words())

    def _last_words(self) -> str:
        code = self._process.wait()
        self._complaints.seek(0)
        said = self._complaints.read().strip().splitlines()
        return said[-1] if said else f"exit code {code}, nothing said"

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(BrokenPipeError):
                stream.close()
        self._process.wait()
        self._complaints.close()
