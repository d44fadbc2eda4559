"""Kill a run with SIGKILL at random moments, resume it each time, and compare with one that was left alone.

    python tests/runs/kill_and_resume.py [--kills 20] [--epochs 6] [--seed 0]

Final parameters must be the same bit for bit, and metrics.jsonl must hold each record once. The moments are drawn
over the whole life of a process: while it imports, compiles, trains, saves.
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
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "experiments", *words]


def run_words(folder: Path, epochs: int) -> list[str]:
    words = [
        "run",
        "lenet_digits",
        "--run-dir",
        str(folder),
        "--epochs",
        str(epochs),
        "--devices",
        "1",
        "--quiet",
    ]
    return [*words, "--log-every", "10"]


def finish(words: list[str]) -> None:
    subprocess.run(command(*words), cwd=ROOT, check=True, capture_output=True)


def kill_after(words: list[str], seconds: float) -> bool:
    """Start a command and kill it; False when it was done before."""
    process = subprocess.Popen(command(*words), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def kill_and_resume(*, kills: int, epochs: int, seed: int, work: Path) -> list[str]:
    """What the kills interrupted: the state of the folder after each."""
    quiet, killed = work / "quiet", work / "killed"
    before = time.perf_counter()
    finish(run_words(quiet, epochs))
    life = time.perf_counter() - before
    rng, seen = random.Random(seed), []
    for number in range(kills):
        words = ["resume", str(killed), "--quiet"] if (killed / "config.json").exists() else run_words(killed, epochs)
        died = kill_after(words, rng.uniform(0.15, 0.9) * life)
        seen.append(f"kill {number}: {describe(killed)}" if died else f"kill {number}: was finished")
        if (killed / "result.json").exists():
            # Finished between two kills: take the end away, so that there is something left to interrupt.
            step_back(killed)
    if not (killed / "config.json").exists():
        finish(run_words(killed, epochs))
    else:
        finish(["resume", str(killed), "--quiet"])
    compare(quiet, killed)
    return seen


def describe(folder: Path) -> str:
    saved = sorted(int(path.name) for path in folder.glob("checkpoints/*") if path.name.isdigit())
    half = [path.name for path in folder.glob("checkpoints/*") if not path.name.isdigit()]
    return f"checkpoints {saved}, half written {half}" if folder.exists() else "nothing written yet"


def step_back(folder: Path) -> None:
    import shutil

    (folder / "result.json").unlink()
    newest = max((path for path in folder.glob("checkpoints/*") if path.name.isdigit()), key=lambda p: int(p.name))
    shutil.rmtree(newest)


def compare(quiet: Path, killed: Path) -> None:
    """Raise unless both runs ended with the same bits and the same records."""
    import jax
    import numpy as np

    import dl

    left, right = dl.load(quiet), dl.load(killed)
    for a, b in zip(jax.tree.leaves(left.params), jax.tree.leaves(right.params), strict=True):
        assert np.asarray(a).tobytes() == np.asarray(b).tobytes(), "parameters differ"
    assert records(quiet) == records(killed), "records differ"
    results = [json.loads((folder / "result.json").read_text())["metrics"] for folder in (quiet, killed)]
    assert results[0] == results[1], "results differ"


def records(folder: Path) -> list[Any]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "examples_per_second"} for line in lines]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        for line in kill_and_resume(kills=options.kills, epochs=options.epochs, seed=options.seed, work=Path(work)):
            print(line)
    print(f"{options.kills} kills: same parameters, same records, same result")


if __name__ == "__main__":
    os.environ.setdefault("JAX_PLATFORMS", "cpu")
    sys.path.insert(0, str(ROOT))
    main()
