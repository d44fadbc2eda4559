"""What asynchronous saves cost: a net of 60 million parameters, with a save a minute and without.

    python tests/faults/cost_of_saves.py [--minutes 5] [--rounds 3]

An MLP (784-7360-7360-2, Adam: 720 MB a checkpoint) is trained on generated pictures that lie in
memory. In each round a run saves by the clock and another saves nothing, each for the given
minutes, in turn first and second. Counting begins some records after the first, so that compiling
is left out, and ends without the save that ends a run. The cost in time is the share of steps a
second that is lost, that in processor time how much more a step takes on all cores together.
`--help` shows smaller sizes.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
_PICTURES, _SIDE = 2_560, 28
_NEVER = 1_000_000
"""Epochs that no run reaches."""
_WARM_UP = 3
"""Records after which counting begins."""
_LIMIT = 600.0
"""Seconds without a record after which a run is taken to hang."""


class Moment(NamedTuple):
    """A record of a run: its step, and wall and processor seconds when it was seen."""

    step: int
    seconds: float
    processor: float


class Pace(NamedTuple):
    """How fast a run went: steps a second, processor seconds a step, and how often it saved."""

    rate: float
    processor: float
    saves: int


def make_pictures(folder: Path) -> None:
    """A folder of noise of two classes."""
    generator = np.random.default_rng(0)
    for number in range(_PICTURES):
        path = folder / ("one", "two")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(0, 256, (_SIDE, _SIDE), np.uint8)
        Image.fromarray(pixels).save(path, compress_level=0)


def start(pictures: Path, run: Path, *, hidden: int, batch: int, every: float) -> subprocess.Popen:
    """A run without end that saves every so many minutes, or never for 0."""
    options = {
        "dataset": f"folder:{pictures}",
        "validation": 0,
        "hidden-size": hidden,
        "dropout": 0,
        "optimizer": "adam",
        "schedule": "constant",
        "batch-size": batch,
        "epochs": _NEVER,
        "checkpoint-every": _NEVER,
        "checkpoint-minutes": every,
        "steps-per-call": 1,  # measured it might differ from run to run
        "log-every": 5,
        "devices": 1,
        "run-dir": run,
    }
    words = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return subprocess.Popen(
        [sys.executable, "-m", "experiments", "run", "mlp_mnist", *words, "--quiet"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DL_NO_PAGE": "1"},
    )


def measure(process: subprocess.Popen, run: Path, *, seconds: float) -> Pace:
    """How fast the run goes for so long after its first records; it is killed then."""
    try:
        for _ in range(_WARM_UP):
            first = _next_record(process, run)
        last, saved, before = first, set[str](), _checkpoints(run)
        while last.seconds < first.seconds + seconds:
            last = _next_record(process, run, after=last.step)
            saved |= _checkpoints(run) - before
    finally:
        process.kill()
        process.wait()
    steps = last.step - first.step
    rate = steps / (last.seconds - first.seconds)
    return Pace(rate, (last.processor - first.processor) / steps, len(saved))


def _next_record(process: subprocess.Popen, run: Path, *, after: int | None = None) -> Moment:
    """The next record of a later step than `after`, or than the newest."""
    newest = _newest_step(run) if after is None else after
    until = time.monotonic() + _LIMIT
    while time.monotonic() < until and process.poll() is None:
        step = _newest_step(run)
        if step > newest:
            return Moment(step, time.perf_counter(), _processor_seconds(process.pid))
        time.sleep(0.01)
    process.kill()
    raise SystemExit(f"no record after step {newest}: {process.communicate()[1]}")


def _newest_step(run: Path) -> int:
    try:
        lines = (run / "metrics.jsonl").read_text().splitlines()
        return json.loads(lines[-1])["step"] if lines else 0
    except (OSError, ValueError):  # not there yet, or in the middle of a line
        return 0


def _checkpoints(run: Path) -> set[str]:
    """The names of complete checkpoints."""
    return {path.name for path in run.glob("checkpoints/*") if path.name.isdecimal()}


def _processor_seconds(pid: int) -> float:
    """User and system time of all threads of a process, on Linux."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def costs(saving: Sequence[Pace], without: Sequence[Pace]) -> tuple[float, float]:
    """The share of steps a second that saves take, and by which share a step needs more processor.

    Both compare medians over the rounds.

    >>> costs([Pace(0.98, 2.1, 5)], [Pace(1.0, 2.0, 0)])
    (0.02, 0.05)
    """
    rate, processor = (
        statistics.median(getattr(pace, name) for pace in saving)
        / statistics.median(getattr(pace, name) for pace in without)
        for name in ("rate", "processor")
    )
    return round(1 - rate, 6), round(processor - 1, 6)


def compare(given: argparse.Namespace, place: Path) -> None:
    """Train with saves and without by turns, and print what the saves cost."""
    make_pictures(place / "pictures")
    paces: dict[str, list[Pace]] = {"saving": [], "without": []}
    for number in range(given.rounds):
        for name in sorted(paces, reverse=number % 2 == 0):
            every = given.every if name == "saving" else 0
            sizes = {"hidden": given.hidden, "batch": given.batch}
            with tempfile.TemporaryDirectory(dir=place) as folder:
                run = Path(folder, "run")
                process = start(place / "pictures", run, every=every, **sizes)
                pace = measure(process, run, seconds=60 * given.minutes)
            paces[name].append(pace)
            print(
                f"round {number + 1} {name:7}: {pace.rate:.3f} steps/s, {pace.processor:.3f} "
                f"processor s a step, {pace.saves} saves",
                flush=True,
            )
    of_time, of_processor = costs(paces["saving"], paces["without"])
    print(f"saves cost {of_time:+.1%} of the time and {of_processor:+.1%} of processor time")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="of each run, after its start")
    parser.add_argument("--every", type=float, default=1.0, help="minutes between two saves")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of runs")
    parser.add_argument("--hidden", type=int, default=7360, help="units in each of two layers")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--place", type=Path, help="a folder for the runs, on the disk to measure")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.place) as place:
        compare(given, Path(place))


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder is removed
    main()
