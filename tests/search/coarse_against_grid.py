"""Is coarse-to-fine search better than a grid of the same budget? On MNIST, seed by seed.

    python tests/search/coarse_against_grid.py [--seeds 10] [--trials 16] [--epochs 2] [--work DIR]

Both search the learning rate (1e-5 to 1, on a scale of powers) and the dropout (0 to 0.6) of
mlp_mnist on 10,000 training examples. The grid has the same values for each seed; a seed changes
the draws of coarse-to-fine, and initial parameters, order and dropout of both. Compared is the
best accuracy on the held-out examples, by which both choose; beside it stands the accuracy on the
test part of the run that each has chosen. What is in DIR already is not made again.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("grid", "coarse-to-fine")


class Figures(NamedTuple):
    """Accuracies of the best trial."""

    validation: float
    test: float


def search(folder: Path, method: str, seed: int, trials: int, epochs: int) -> Figures:
    """The figures of one search, which is made unless it is there already."""
    from dl.cli import main

    words = f"search mlp_mnist --method {method} --seed {seed} --trials {trials} --epochs {epochs}"
    words += f" --evaluate-every {epochs} --train-examples 10000"
    words += " --vary learning_rate=log:1e-5..1 --vary dropout=0..0.6"
    new = [*words.split(), "--search-dir", str(folder), "--quiet"]
    again = ["resume", str(folder), "--quiet"]
    assert main("experiments", again if (folder / "search.json").exists() else new) == 0
    metrics = json.loads((folder / "best" / "result.json").read_text())["metrics"]
    return Figures(metrics["validation"]["accuracy"], metrics["test"]["accuracy"])


def describe(seed: int, both: tuple[Figures, Figures]) -> str:
    """The figures of one seed in one line."""
    shown = (f"{each.validation:.4f} ({each.test:.4f})" for each in both)
    words = (f"{method} {figures}" for method, figures in zip(METHODS, shown, strict=True))
    return f"seed {seed}: validation accuracy (test) of {', '.join(words)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--trials", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--work", type=Path)
    given = parser.parse_args()
    work, start = given.work or Path(tempfile.mkdtemp()), time.perf_counter()
    found: list[tuple[Figures, Figures]] = []
    for seed in range(given.seeds):
        folders = (work / f"{method}-{seed}" for method in METHODS)
        grid, coarse = (
            search(folder, method, seed, given.trials, given.epochs)
            for folder, method in zip(folders, METHODS, strict=True)
        )
        found.append((grid, coarse))
        print(describe(seed, found[-1]), flush=True)
    for place, part in enumerate(Figures._fields):
        better = sum(coarse[place] > grid[place] for grid, coarse in found)
        print(f"coarse-to-fine is better on the {part} part in {better} of {len(found)} seeds")
    print(f"{time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
