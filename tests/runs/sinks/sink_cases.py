"""Short runs of the moons with and without sinks, which the tests of all sinks share."""

import json
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np

import dl
from dl.runs.experiment import load_experiment
from dl.runs.run import resume_run, start_run
from dl.train.interrupt import StopRequest
from experiments import logistic_moons

MOONS = load_experiment("experiments.logistic_moons")
OPTIONS = logistic_moons.Options(
    epochs=4, validation=0.2, checkpoint_every=1, log_every=5, devices=1, steps_per_call=8
)
FILES = ("csv", "tensorboard")


def run(folder: Path, *log: str) -> Path:
    start_run(MOONS, OPTIONS, run_dir=folder, stop=StopRequest(), show=False, log=log)
    return folder


def resume(folder: Path) -> None:
    assert resume_run(folder, stop=StopRequest(), show=False).result is not None


def cut_short(whole: Path, folder: Path) -> Path:
    """A copy of a finished run as if it had died in its last epoch: its last checkpoint is lost."""
    shutil.copytree(whole, folder)
    (folder / "result.json").unlink()
    last = max(int(path.name) for path in (folder / "checkpoints").iterdir())
    shutil.rmtree(folder / "checkpoints" / str(last))
    return folder


def lines(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def without_rate(folder: Path) -> list[dict[str, Any]]:
    return [{**line, "examples_per_second": None} for line in lines(folder)]


def params(folder: Path) -> list[bytes]:
    loaded = dl.load(folder).state
    state = (loaded.params, loaded.opt_state)
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(state)]
