"""Trained runs that travel with a package of experiments, in its folder `trained/`.

Wherever a run's folder is asked for, the name of such a run may stand: `predict lenet_digits FILE`,
`dl.load("lenet_digits")`. What is there under that path comes first, and standard error says which
run was taken. These folders are read only.
"""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from dl.errors import InputError, RunError, did_you_mean
from dl.screen import say

FOLDER = "trained"


def shipped_runs(package: str = "experiments") -> dict[str, Path]:
    """The folders of the trained runs that come with `package`, by their names.

    >>> sorted(shipped_runs())
    ['lenet_digits', 'lstm_names']
    """
    found = (path.parent for path in _in_package(package, f"{FOLDER}/*/config.json"))
    return {path.name: path for path in sorted(found)}


def find_run(run: str | Path, *, package: str = "experiments") -> Path:
    """The folder that `run` means: that path if there is one, else a shipped run of this name."""
    path = Path(run)
    if _is_name(path):
        folder = shipped_runs(package).get(path.name)
        if folder is not None and not path.exists():
            own = _newest_of(path.name)
            say(
                f"{path.name} is no folder here: using the trained run of the package, {folder}"
                + (f" (your newest one is {own})" if own else "")
            )
            return folder
    return path


def no_such_run(path: Path, *, package: str) -> InputError:
    """What to say where no folder `path` is, and no run of this name comes along."""
    shipped = shipped_runs(package)
    known = {each.stem for each in _in_package(package, "[!_]*.py")} - shipped.keys()
    if not _is_name(path):
        return InputError(f"no run folder {path}: give the path that `run` printed")
    if path.name in known:
        own = _newest_of(path.name)
        remedy = f"give the folder of a run, {own}" if own else f"train it with `run {path.name}`"
        return InputError(
            f"{path.name} is an experiment, and comes without a trained run: {remedy}"
        )
    hint = did_you_mean(path.name, shipped)
    along = f", or name a run that comes along ({hint})" if shipped else ""
    return InputError(f"no run folder {path}: give the path that `run` printed{along}")


def is_shipped(folder: Path, *, package: str) -> bool:
    """Whether `folder`, however its path is written, is that of a run that comes with `package`."""
    return folder.resolve() in {path.resolve() for path in shipped_runs(package).values()}


def refuse_to_write(folder: Path, *, package: str) -> None:
    """Raise a `RunError` for the folder of a run that comes with `package`."""
    if is_shipped(folder, package=package):
        raise RunError(
            f"{folder} comes with the package and is not written to: copy the folder, and give the "
            "copy"
        )


def _is_name(path: Path) -> bool:
    return len(path.parts) == 1 and path.name not in ("", "..", "~")


def _newest_of(experiment: str) -> Path | None:
    """The user's newest run of an experiment where `run` puts it."""
    own = Path("runs", experiment).glob("*/config.json")
    return max((path.parent for path in own), key=lambda path: path.name, default=None)


def _in_package(package: str, pattern: str) -> Iterable[Path]:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # who imports from it says that there is none
        return []
    places = spec.submodule_search_locations if spec is not None else None
    return [path for place in places or () for path in Path(place).glob(pattern)]
