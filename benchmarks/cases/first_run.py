"""`python -m experiments run lenet_digits` from the command to its end, a fresh process each time.

"dl first record" is the time to the first line of metrics.jsonl, "dl cold cache" the whole run,
both with an empty compilation cache; "dl" is the whole run once the cache is filled.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.measure import Measurement
from benchmarks.processes import environment
from dl.errors import RunError

UNIT = "s"
_POLL = 0.01  # seconds


def with_dl(quick: bool) -> Measurement:
    with tempfile.TemporaryDirectory() as cache:
        run_seconds(cache, quick)  # fills the cache
        return Measurement(median(run_seconds(cache, quick)[1] for _ in range(_times(quick))))


def with_dl_cold_cache(quick: bool) -> Measurement:
    return Measurement(median(_cold(quick)[1] for _ in range(_times(quick))))


def with_dl_first_record(quick: bool) -> Measurement:
    return Measurement(median(_cold(quick)[0] for _ in range(_times(quick))))


SYSTEMS = {
    "dl": with_dl,
    "dl cold cache": with_dl_cold_cache,
    "dl first record": with_dl_first_record,
}


def run_seconds(cache: str, quick: bool) -> tuple[float, float]:
    """Seconds to the first record and to the end of a run whose programs are kept in `cache`."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["run", "lenet_digits", "--quiet", "--run-dir", f"{folder}/run"]
        words += ["--epochs", "1"] if quick else []
        start, records = time.perf_counter(), Path(folder, "run", "metrics.jsonl")
        with subprocess.Popen(
            [sys.executable, "-m", "experiments", *words],
            stdout=subprocess.DEVNULL,
            env=environment(XDG_CACHE_HOME=cache),
        ) as process:
            while process.poll() is None and not _has_line(records):
                time.sleep(_POLL)
            first = time.perf_counter() - start
            if process.wait():
                raise RunError(f"lenet_digits ended with exit code {process.returncode}")
        return first, time.perf_counter() - start


def _cold(quick: bool) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as cache:
        return run_seconds(cache, quick)


def _times(quick: bool) -> int:
    return 1 if quick else 3


def _has_line(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
