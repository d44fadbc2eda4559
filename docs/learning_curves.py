"""Draws docs/learning_curves.svg, the picture of the README, from the records of two runs.

    python -m experiments run lenet_digits --epochs 40 --validation 0.2 --run-dir runs/changed
    python -m experiments run lenet_digits --epochs 40 --validation 0.2 --run-dir runs/plain \
        --dropout 0 --degrees 0 --zoom 0 --shift 0
    python docs/learning_curves.py runs/plain runs/changed docs/learning_curves.svg
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "curves", "font.size": 10, "axes.spines.top": False})
from matplotlib import pyplot as plt  # noqa: E402

TITLES = (
    "the digits as they are: over-fitting",
    "dropout; digits turned, zoomed, shifted",
)
# Told apart by dashes and by lightness too, so that the picture can be read in grey.
STYLES = {"train": ("#c25b00", "--"), "validation": ("#14406b", "-")}


def losses(run: Path, split: str) -> tuple[list[float], list[float]]:
    """Epochs and losses that the run recorded for `split` at the ends of epochs."""
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    ends = [old for old in records if old["split"] == split and old["epoch"] % 1 == 0]
    return [old["epoch"] for old in ends], [old["values"]["loss"] for old in ends]


def draw_run(axis: Any, run: Path, title: str) -> None:
    """Both losses of one run, and above them what it reached on the test part."""
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    for split, (colour, dashes) in STYLES.items():
        epochs, values = losses(run, split)
        axis.plot(epochs, values, dashes, color=colour, linewidth=1.6, label=split)
    accuracy = 100 * result["metrics"]["test"]["accuracy"]
    axis.set_title(f"{title}\ntest accuracy {accuracy:.1f} %")
    axis.set_xlabel("epoch")


def main(plain: str, changed: str, target: str) -> None:
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
    for axis, run, title in zip(axes, (plain, changed), TITLES, strict=True):
        axis.set(yscale="log", ylim=(0.001, 3), xlim=(0, 41))
        axis.spines["right"].set_visible(False)
        axis.grid(alpha=0.3)
        draw_run(axis, Path(run), title)
    axes[0].set_ylabel("loss (cross-entropy)")
    axes[1].legend(frameon=False)
    # The ground is painted white: pages may be dark.
    figure.savefig(target, metadata={"Date": None}, facecolor="white")


if __name__ == "__main__":
    main(*sys.argv[1:])
