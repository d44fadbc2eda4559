"""An experiment in a file of the user's own, outside of any package.

Only a file that the user names is run, never one that a run folder names. What goes wrong in it is
said in one line, with the file's line.
"""

import importlib.util
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from dl.errors import InputError, RunError
from dl.runs.experiment import OF_FILE, Experiment, experiment_in, remember


def load_experiment_file(path: str | Path) -> Experiment:
    """The experiment in the file `path`; from now on its runs can be opened in this process.

    The file may import what lies beside it.

    Raises:
        InputError: when there is no such file, it fails, or it defines no experiment.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"experiment is {path!r}: give the path of a Python file, as text")
    file = Path(path).expanduser().absolute()
    if file.suffix != ".py" or not file.is_file():
        what = (
            "is a folder" if file.is_dir() else "is not there" if not file.exists() else "is none"
        )
        raise InputError(f"{path} {what}: give the Python file of an experiment, such as ./mine.py")
    loaded = _execute(file)
    experiment = experiment_in(loaded, file.stem, f"{OF_FILE}{file}", file)
    experiment = replace(
        experiment,
        build=_told_in_one_line(experiment.build, file, InputError),
        conclude=_told_in_one_line(experiment.conclude, file, RunError),
        count=_told_in_one_line(experiment.count, file, RunError),
    )
    remember(experiment)
    return experiment


def _execute(file: Path) -> Any:
    """The module that `file` makes; what it imports may lie beside it."""
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))  # last: a neighbour must not hide an installed package
    name = f"experiment_file_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _in_one_line(error, file, InputError) from error
    return module


def _told_in_one_line(
    function: Callable | None, file: Path, kind: type[Exception]
) -> Callable | None:
    if function is None:
        return None

    @wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        try:
            return function(*args, **keywords)
        except (Exception, SystemExit) as error:
            raise _in_one_line(error, file, kind) from error

    return call


def _in_one_line(error: BaseException, file: Path, kind: type[Exception]) -> Exception:
    """`error` as an error for people, with the last line of `file` that led to it."""
    if isinstance(error, InputError | RunError):
        return error
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return kind(f"{file}, line {error.lineno}: {error.msg}")
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(file)]
    where = f"{file}, line {lines[-1]}" if lines else str(file)
    if isinstance(error, SystemExit):
        return kind(f"{where}, ends the process: put what a script does under `if __name__ == ...`")
    return kind(f"{where}: {type(error).__name__}: {error}")
