"""A run on a set that is larger than its memory, whose resident memory stays as it is.

    python tests/faults/constant_memory.py

makes 30,000 names for 500 generated pictures (3.3 GB of pixels), trains 2,000 steps on them with at
most 700 MB of data in the process (RLIMIT_DATA), and tells the resident memory as it goes. It fails
if that grows by 5 % or more from step 100 to step 2,000. An epoch ends before step 100, so that all
parts of a run have worked by then: the first evaluation and the first checkpoint take memory of
their own. The names are hard links: the run opens and decodes each of them, as it would other
files. `--help` shows other sizes.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
MOST_GROWTH = 0.05
_DISTINCT = 500
_SEEN = 64  # side to which random crops of the pictures are brought


@dataclass(frozen=True)
class Growth:
    """Resident memory, in bytes, at the first and at the last step that were looked at."""

    first: int
    last: int

    @property
    def share(self) -> float:
        """By which share of the first it has grown."""
        return self.last / self.first - 1


def make_pictures(folder: Path, *, pictures: int, side: int) -> None:
    """A folder of noisy pictures of two classes, `pictures` names in all."""
    generator = np.random.default_rng(0)
    sources = folder.parent / f"{folder.name}-sources"
    sources.mkdir()
    distinct = min(_DISTINCT, pictures)
    for number in range(distinct):
        pixels = generator.integers(0, 256, (side, side, 3), np.uint8)
        Image.fromarray(pixels).save(sources / f"{number}.png", compress_level=0)
    for label in ("one", "two"):
        (folder / label).mkdir(parents=True)
    for number in range(pictures):
        name = folder / ("one", "two")[number % 2] / f"{number:06d}.png"
        os.link(sources / f"{number % distinct}.png", name)


def start(folder: Path, run: Path, *, batch: int, steps: int, limit: int) -> subprocess.Popen:
    """A run of the command line on the pictures, with at most `limit` bytes of data."""
    pictures = sum(1 for _ in folder.glob("*/*"))
    in_epoch = int(0.9 * 0.9 * pictures) // batch  # a tenth is tested, a tenth of it is held out
    options = {
        "dataset": f"folder:{folder}",
        "image-size": _SEEN,
        "random-crops": True,
        "batch-size": batch,
        "hidden-size": 8,
        "epochs": -(-steps // in_epoch),
        "log-every": 20,
        "devices": 1,
        "run-dir": run,
    }
    arguments = [
        text
        for name, value in options.items()
        for text in ([f"--{name}"] if value is True else [f"--{name}", str(value)])
    ]

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    return subprocess.Popen(
        [sys.executable, "-m", "experiments", "run", "mlp_mnist", *arguments],
        cwd=ROOT,
        preexec_fn=bound,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DL_NO_PAGE": "1"},
    )


def watch(process: subprocess.Popen, run: Path, *, steps: int) -> Iterator[tuple[int, int]]:
    """The newest recorded step and the resident bytes, from time to time, up to step `steps`."""
    step = 0
    while step < steps and process.poll() is None:
        time.sleep(0.1)
        newest = _newest_step(run / "metrics.jsonl")
        if newest > step:
            step = newest
            yield step, _resident(process.pid)


def measure(process: subprocess.Popen, run: Path, *, first: int, last: int) -> Growth:
    """How much the memory grows from step `first` to `last`; the process is ended then."""
    seen: list[tuple[int, int]] = []
    try:
        for step, size in watch(process, run, steps=last):
            if step >= first and (not seen or step >= seen[-1][0] + (last - first) // 10):
                print(f"step {step:5d}  {size / 1e6:6.1f} MB resident", flush=True)
                seen.append((step, size))
            newest = step, size
    finally:
        process.terminate()
        process.wait()
    if not seen or newest[0] < last:
        raise SystemExit(f"the run ended early, with exit code {process.returncode}")
    print(f"step {newest[0]:5d}  {newest[1] / 1e6:6.1f} MB resident")
    return Growth(seen[0][1], newest[1])


def _newest_step(metrics: Path) -> int:
    try:
        lines = metrics.read_text().splitlines()
        return json.loads(lines[-1])["step"] if lines else 0
    except (OSError, ValueError):  # not there yet, or in the middle of a line
        return 0


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Make the pictures, start the run, and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=30_000)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--batch", type=int, default=250)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--limit", type=int, default=700, help="megabytes of data")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder, run = Path(place, "pictures"), Path(place, "run")
        make_pictures(folder, pictures=given.pictures, side=given.side)
        pixels = given.pictures * 3 * given.side**2
        print(f"{pixels / 1e9:.1f} GB of pixels, at most {given.limit} MB of data", flush=True)
        began = time.perf_counter()
        sizes = {"batch": given.batch, "steps": given.steps}
        process = start(folder, run, limit=given.limit * 1_000_000, **sizes)
        growth = measure(process, run, first=100, last=given.steps)
        print(f"{growth.share:+.1%} in {time.perf_counter() - began:.0f} s")
    if growth.share >= MOST_GROWTH:
        raise SystemExit(f"memory has grown by {growth.share:.1%}, and may by {MOST_GROWTH:.0%}")


if __name__ == "__main__":
    main()
