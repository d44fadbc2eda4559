"""Start the runner in forks of this process, and let it die by a signal at a chosen moment.

A fork has the libraries already, so that hundreds of starts are cheap. This process itself must
not compute with JAX: a fork begins where a fresh process is after its imports.
"""

import contextlib
import os
import random
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

KINDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
MOMENTS = ("starting", "training", "saving")
_LIMIT = 600.0
"""Seconds after which a process that was sent no signal yet is taken to hang."""
_GRACE = 60.0
"""Seconds within which all processes of a run end after one of them was sent a signal."""
_UNTIL_MISSED = 330.0
"""The same when the run has several processes and starts: a process that has not joined the others
is missed by them after 300 s."""
_STOPPED = {signal.SIGTERM: 143, signal.SIGINT: 130}


class Death(NamedTuple):
    """What was done to a run and how it ended: exit codes, and what each process said."""

    kind: str
    moment: str
    codes: tuple[int, ...]
    said: tuple[str, ...]

    @property
    def happened(self) -> bool:
        """Whether the signal ended the run, which may have been finished just before."""
        return any(self.codes)


def in_fork(work: Callable[[], int], log: Path) -> int:
    """The process id of a fork that writes to `log`, and exits with what `work` returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no thread computes here
        number = os.fork()
    if number:
        return number
    code = 70
    try:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL if each != signal.SIGINT else _interrupt())
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        code = work()
    except KeyboardInterrupt:  # before the runner's first line
        code = 130
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _interrupt() -> Callable:
    return signal.default_int_handler  # a background job has ignored it


def start(commands: Sequence[Sequence[str]], logs: Path) -> list[int]:
    """One process for each command of the runner; all belong to one run."""
    from dl.cli import main

    return [
        in_fork(lambda words=words: main("experiments", [*words]), logs / f"said-{number}.txt")
        for number, words in enumerate(commands)
    ]


def code_of(process: int, seconds: float) -> int:
    """The exit code of a process, negative for a signal; it is killed when it takes longer.

    Raises:
        TimeoutError: when it was.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise TimeoutError(f"process {process} was still there after {seconds:.0f} s")


def codes_of(processes: Sequence[int], seconds: float, *, before: str) -> tuple[int, ...]:
    """The exit codes of all processes of a run; those that take longer are killed.

    Raises:
        TimeoutError: when some were; it names them, and what happened `before`.
    """
    until, codes, late = time.monotonic() + seconds, [], []
    for number, process in enumerate(processes):
        try:
            codes.append(code_of(process, max(until - time.monotonic(), 0.1)))
        except TimeoutError:
            late.append(number)
    if late:
        raise TimeoutError(
            f"{before}: of {len(processes)} processes {late} were still there {seconds:.0f} s later"
        )
    return tuple(codes)


def run_whole(commands: Sequence[Sequence[str]], logs: Path) -> tuple[int, ...]:
    """The exit codes of a run that is left alone."""
    return codes_of(start(commands, logs), _LIMIT, before="nothing was done to the run")


def die(
    commands: Sequence[Sequence[str]], folder: Path, logs: Path, rng: random.Random
) -> tuple[Death, int]:
    """Start a run and send one of its processes a signal at a random moment.

    Also returns how many half-written checkpoints the signal left.
    """
    kind, moment = rng.choice(KINDS), rng.choice(MOMENTS)
    due = _due(moment, folder, rng)
    processes = start(commands, logs)
    victim, until = rng.choice(processes), time.monotonic() + _LIMIT
    while not due() and not _has_ended(victim) and time.monotonic() < until:
        time.sleep(0.003)
    time.sleep({"starting": 0.0, "training": 0.05, "saving": 0.02}[moment] * rng.random())
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, kind)
    told = f"{kind.name} to process {processes.index(victim)}, {moment}"
    seconds = _UNTIL_MISSED if moment == "starting" and len(processes) > 1 else _GRACE
    codes = codes_of(processes, seconds, before=told)
    said = tuple(
        (logs / f"said-{number}.txt").read_text(errors="replace")
        for number in range(len(processes))
    )
    return Death(kind.name, moment, codes, said), len([*half_written(folder)])


def _has_ended(process: int) -> bool:
    """Whether a child has ended; it stays to be waited for."""
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _due(moment: str, folder: Path, rng: random.Random) -> Callable[[], bool]:
    """Whether the moment has come."""
    before, old = records_in(folder), {*half_written(folder)}
    since, seconds, more = time.monotonic(), rng.uniform(0.0, 2.0), rng.randint(1, 4)
    due: dict[str, Callable[[], bool]] = {
        "starting": lambda: time.monotonic() - since >= seconds,
        "training": lambda: records_in(folder) >= before + more,
        "saving": lambda: bool({*half_written(folder)} - old),
    }
    return due[moment]


def records_in(folder: Path) -> int:
    """Lines of all records of a run or a search."""
    files = [folder / "metrics.jsonl", *folder.glob("groups/*/metrics.jsonl")]
    return sum(file.read_bytes().count(b"\n") for file in files if file.exists())


def half_written(folder: Path) -> Iterator[Path]:
    """Checkpoints that are not complete; one that was killed leaves its folder."""
    for place in (*folder.glob("checkpoints/*"), *folder.glob("groups/*/checkpoints/*")):
        if not place.name.isdecimal():
            yield place


def problem(death: Death) -> str:
    """What is wrong with the way in which a run ended; nothing if it is as it should be."""
    text = "".join(death.said)
    if "Traceback" in text:
        return f"a traceback: {text[-2000:]}"
    if "put aside" in text:
        return f"an unreadable checkpoint: {text[-500:]}"
    number = signal.Signals[death.kind]
    expected = {0, -number, _STOPPED.get(number, 0)}
    # Of several processes the others say that one is gone, and end with 1.
    allowed = expected | ({1} if len(death.codes) > 1 else set())
    return "" if {*death.codes} <= allowed else f"exit codes {death.codes}: {text[-500:]}"
