"""Write the page of runs into a file."""

import os
from collections.abc import Sequence
from pathlib import Path

from dl.errors import InputError, RunError
from dl.reports.page.material import gather
from dl.reports.page.page import page
from dl.runs.files import check_output, write_text
from dl.runs.folder import open_folder
from dl.runs.shipped import is_shipped

NAME = "report.html"
"""The page of a run, in its folder."""


def write_page(
    runs: Sequence[str | Path],
    file: str | Path | None = None,
    *,
    predictions: bool = True,
    package: str = "experiments",
) -> Path:
    """Write the page of `runs` and return its path; of one run by default into its own folder.

    The page of a run that comes with the package, whose folder is not written into, is written
    here. With `predictions` the page of one run has what its model answers for the test part.

    Raises:
        InputError: when a folder is no run or is broken, and when the file cannot be written or
            could be another one of a run.
    """
    folders = [open_folder(run, package=package)[0].path for run in runs]
    path = Path(file).expanduser() if file is not None else default_file(folders, package=package)
    check_file(path)
    _check_replaces_no_other(path, folders)
    one = len(runs) == 1
    materials = [
        gather(run, predictions=predictions and one, model=one, package=package) for run in folders
    ]
    text = page(materials)
    try:
        write_text(path, text)
    except RunError as error:
        raise InputError(str(error)) from None
    return path


def default_file(folders: Sequence[Path], *, package: str) -> Path:
    """`report.html` in the folder of the run; of several runs, or a run of the package, here."""
    own = len(folders) == 1 and not is_shipped(folders[0], package=package)
    return folders[0] / NAME if own else Path(NAME)


def check_file(path: Path) -> None:
    """Refuse a file that could not be written; called before its content is computed.

    Raises:
        InputError: when it is a folder, or lies in none that can be written into.
    """
    check_output(path)
    folder = path.absolute().parent
    if not os.access(folder, os.W_OK):
        raise InputError(f"cannot write {path}: {folder} cannot be written into; name another file")


def _check_replaces_no_other(path: Path, folders: Sequence[Path]) -> None:
    """Refuse a file in the folder of a run that is no page by its name."""
    place = path.resolve()
    if place.suffix != ".html" and any(place.is_relative_to(each.resolve()) for each in folders):
        raise InputError(f"{path} lies in the run's folder, where pages end in .html: rename it")
