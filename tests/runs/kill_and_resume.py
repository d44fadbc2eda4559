"""Kill runs with SIGKILL at random moments, resume them each time, and compare with whole ones.

    python tests/runs/kill_and_resume.py [NAME ... | all] [--kills 20] [--epochs 30] [--seed 0]

Each experiment trains on small data. Final parameters must be the same bit for bit, and
metrics.jsonl must hold each record once. The moments: early (while it imports or reads data),
compiling (before the first checkpoint), training, and saving (a checkpoint half written).
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "experiments", *words]


def run_words(
    folder: Path,
    epochs: int,
    name: str = "lenet_digits",
    options: Mapping[str, Any] = MappingProxyType({}),
) -> list[str]:
    """The command that starts a run, without the program."""
    words = {"run_dir": folder, "devices": 1, "log_every": 10, **options, "epochs": epochs}
    given = [[f"--{key.replace('_', '-')}", str(value)] for key, value in words.items()]
    return ["run", name, "--quiet", *chain.from_iterable(given)]


def finish(words: list[str]) -> None:
    subprocess.run(command(*words), cwd=ROOT, check=True, capture_output=True)


def kill_at(moment: str, words: list[str], folder: Path, rng: random.Random) -> bool:
    """Start a command and kill it at `moment`; False when it was done before."""
    half_written = lambda: any(not path.name.isdigit() for path in folder.glob("checkpoints/*"))  # noqa: E731
    size = lines(folder)
    due: dict[str, Callable[[], bool]] = {
        "early": lambda: True,
        "compiling": (folder / "config.json").exists,
        "training": lambda: lines(folder) > size,
        "saving": half_written,
    }
    pause = {"early": rng.uniform(0.2, 2.0), "saving": 0.0}.get(moment, rng.uniform(0.0, 1.0))
    process = subprocess.Popen(
        command(*words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and not due[moment]():
        time.sleep(0.001)
    time.sleep(pause)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def kill_and_resume(
    *, kills: int, epochs: int, seed: int, work: Path, name: str = "lenet_digits", **options: Any
) -> list[str]:
    """What each kill interrupted: the moment, and the state of the folder after it."""
    quiet, killed = work / f"{name}-quiet", work / f"{name}-killed"
    finish(run_words(quiet, epochs, name, options))
    rng, seen = random.Random(seed), []
    for number in range(kills):
        moment = ("compiling", "saving", "training", "early", "training", "saving")[number % 6]
        died = kill_at(moment, next_words(killed, epochs, name, options), killed, rng)
        seen.append(
            f"kill {number}, {moment}: {describe(killed) if died else 'was finished before'}"
        )
    finish(next_words(killed, epochs, name, options))
    compare(quiet, killed)
    return seen


def next_words(folder: Path, epochs: int, name: str, options: Mapping[str, Any]) -> list[str]:
    if (folder / "config.json").exists():
        return ["resume", str(folder), "--quiet"]
    return run_words(folder, epochs, name, options)


def lines(folder: Path) -> int:
    path = folder / "metrics.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def describe(folder: Path) -> str:
    if not folder.exists():
        return "nothing written yet"
    saved = sorted(int(path.name) for path in folder.glob("checkpoints/*") if path.name.isdigit())
    half = [path.name for path in folder.glob("checkpoints/*") if not path.name.isdigit()]
    return f"{lines(folder)} records, checkpoints {saved}, half written {len(half)}"


def compare(quiet: Path, killed: Path) -> None:
    """Raise unless both runs ended with the same bits and the same records."""
    import jax
    import numpy as np

    import dl

    left, right = dl.load(quiet), dl.load(killed)
    for a, b in zip(jax.tree.leaves(left.params), jax.tree.leaves(right.params), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), "parameters differ"
    assert records(quiet) == records(killed), "records differ"
    results = [
        json.loads((folder / "result.json").read_text())["metrics"] for folder in (quiet, killed)
    ]
    assert results[0] == results[1], "results differ"


def records(folder: Path) -> list[Any]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key not in ("examples_per_second", "waiting")}
        for line in lines
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=["lenet_digits"])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    from small_data import COUNTED
    from small_runs import small_options, write_all_small_data

    from dl.cli.catalog import Catalog

    catalog = Catalog("experiments")
    trained = [name for name in catalog.names() if name not in COUNTED]
    with tempfile.TemporaryDirectory() as work:
        data = write_all_small_data(Path(work))
        for name in trained if given.names == ["all"] else given.names:
            small = small_options(name, catalog.load(name).options(), data)
            options = {} if name == "lenet_digits" else {**small, "log_every": 3}
            how = {"kills": given.kills, "seed": given.seed, "work": Path(work)}
            for line in kill_and_resume(**how, name=name, **{**options, "epochs": given.epochs}):
                print(f"{name}, {line}", flush=True)
            print(f"{name}: same parameters, same records, same result", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "experiments")]
    main()
