"""Measure the time or the memory of a piece of work."""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LONG = 8.0  # seconds of measuring, after which fewer repetitions than asked for are enough


@dataclass(frozen=True)
class Workload:
    """Work to repeat: `run` returns when it is done, and `amount` counts its examples or calls."""

    run: Callable[[], object]
    amount: float = 1.0
    note: str = ""


@dataclass(frozen=True)
class Measurement:
    """One number in the benchmark's unit, and a note on how it was measured."""

    value: float
    note: str = ""


def measure(workload: Workload, unit: str, *, quick: bool = False) -> Measurement:
    """The median over repetitions, after one run that compiles.

    It is a rate for units that end in "/s", otherwise a duration.
    """
    workload.run()
    seconds = median_seconds(workload.run, least=2 if quick else 5, seconds=0.2 if quick else 2.0)
    return Measurement(in_unit(seconds, workload.amount, unit), workload.note)


def median_seconds(run: Callable[[], object], *, least: int, seconds: float) -> float:
    """The median duration of `run`, repeated for at least `seconds` in all.

    There are at least `least` repetitions, unless they take more than 8 seconds.
    """
    durations: list[float] = []
    total = 0.0
    while total < seconds or (len(durations) < least and total < _LONG):
        durations.append(duration(run))
        total += durations[-1]
    return statistics.median(durations)


def duration(run: Callable[[], object]) -> float:
    """Seconds that one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def in_unit(seconds: float, amount: float, unit: str) -> float:
    """What `amount` of work in `seconds` is in `unit`.

    >>> in_unit(0.5, 128, "examples/s"), in_unit(0.5, 2, "ms"), in_unit(0.5, 1, "s")
    (256.0, 250.0, 0.5)
    """
    if unit.endswith("/s"):
        return amount / seconds
    return seconds / amount * (1000.0 if unit == "ms" else 1.0)


def memory_above_now(run: Callable[[], object]) -> float:
    """Peak resident memory of `run` in MiB, above the memory of the process before it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak to the present memory
        before = _status_mib("VmRSS")
        run()
        return _status_mib("VmHWM") - before
    except OSError:
        before = _largest_mib()
        run()
        return _largest_mib() - before


def _status_mib(field: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field + ":"))


def _largest_mib() -> float:
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / 2**20 if sys.platform == "darwin" else largest / 2**10
