"""Is a run that died and was resumed the same as one that was left alone, to the last bit?"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def summary(folder: Path) -> dict[str, Any]:
    """What two runs must have in common, as JSON: state, records, result and names of files.

    Every kept checkpoint is read, so that an unreadable one raises. Run in a process of its own.
    """
    if (folder / "search.json").exists():
        rest = {name: (folder / name).read_text() for name in ("trials.jsonl", "trials.csv")}
        return {**summary(folder / "best"), **rest, "leftovers": [*_leftovers(folder)]}
    result = json.loads((folder / "result.json").read_text())
    return {
        "state": _digest(folder),
        "records": _records(folder),
        "result": [result["metrics"], result["steps"], result.get("best_step")],
        "names": sorted(path.name for path in folder.iterdir()),
        "leftovers": [*_leftovers(folder)],
    }


def differences(whole: dict[str, Any], killed: dict[str, Any]) -> list[str]:
    """What differs between two summaries."""
    wrong = [name for name in whole if whole[name] != killed.get(name)]
    return wrong + [f"left over: {name}" for name in killed["leftovers"]]


def _digest(folder: Path) -> str:
    """SHA-256 of all arrays of the newest checkpoint: parameters, optimizer, statistics, carry."""
    import numpy as np

    from dl.runs.checkpoint import Checkpoints
    from dl.runs.checksums import flatten
    from dl.runs.folder import open_folder
    from dl.runs.load import expected_training

    run, config = open_folder(folder, package="experiments")
    like, digest = expected_training(run, config), hashlib.sha256()
    with Checkpoints(run.checkpoints, read_only=True) as checkpoints:
        trees = [checkpoints.restore(step, like)[0] for step in checkpoints.steps()]
    for name, array in sorted(flatten(trees[-1]).items()):
        digest.update(name.encode() + np.asarray(array).tobytes())
    return digest.hexdigest()


def _records(folder: Path) -> list[Any]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{**line, "examples_per_second": None, "waiting": None} for line in lines]


def _leftovers(folder: Path) -> Iterator[str]:
    """Names of what a killed save or a killed replacement of a file leaves."""
    for path in sorted(folder.rglob("*")):
        if "tmp" in path.name or path.name == "damaged":
            yield path.relative_to(folder).as_posix()
