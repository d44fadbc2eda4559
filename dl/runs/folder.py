"""The folder of a run and its files.

```
runs/lenet_digits/20260131-120000-0/
    initial/          with --init-from: the parameters that the run begins with
    config.json       the experiment, every option, what was chosen for it (written first)
    manifest.json     versions, device, git commit, data fingerprint, seed, command of each start
    metrics.jsonl     a record on each line
    metrics.csv       with --log csv: the records as a table
    tensorboard/      with --log tensorboard: event files
    checkpoints/      Orbax checkpoints by step
    damaged/          what could not be read, put aside by `resume`
    profile/          with --profile: a trace of some steps
    samples/          language models: a text written at each evaluation
    programs.json     models of C programs: the last report of `programs`
    result.json       the final figures (written last: a run that has it is finished)
```
"""

import os
import shutil
import stat
import time
from dataclasses import dataclass
from pathlib import Path

from dl.data.naming import shown
from dl.errors import InputError
from dl.runs.config import Config, read_config
from dl.runs.experiment import Experiment
from dl.runs.files import ends_torn, read_json, rewrite_lines
from dl.runs.shipped import find_run, no_such_run
from dl.runs.stored import read_records
from dl.screen import say
from dl.train.record import Record

# The only files when a process dies before config.json is whole.
_LEFT_BY_A_START = {"lock", "initial", "config.json.tmp"}


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def config(self) -> Path:
        """The experiment, every option, and what was chosen for it."""
        return self.path / "config.json"

    @property
    def manifest(self) -> Path:
        """Versions, device, data and command of each start."""
        return self.path / "manifest.json"

    @property
    def metrics(self) -> Path:
        """A record on each line."""
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Orbax checkpoints by step."""
        return self.path / "checkpoints"

    @property
    def initial(self) -> Path:
        """The parameters of another run that it began with."""
        return self.path / "initial"

    @property
    def result(self) -> Path:
        """The final figures; written last."""
        return self.path / "result.json"

    @property
    def profile(self) -> Path:
        """A trace of some steps."""
        return self.path / "profile"

    @property
    def samples(self) -> Path:
        """Texts written at each evaluation."""
        return self.path / "samples"

    @property
    def is_finished(self) -> bool:
        """Whether the run is finished."""
        return self.result.exists()

    def was_validated(self) -> bool:
        """Whether any record is of held-out examples."""
        return any(record.split == "validation" for record in self.records())

    def records(self) -> list[Record]:
        """All records so far."""
        return read_records(self.metrics)

    def cut_records(self, step: int) -> list[Record]:
        """Drop a torn line and all records past `step`; returns the rest.

        What is no record at all is told, and the file with it is kept in `damaged`.
        """
        kept = [record for record in self.records() if record.step <= step]
        if ends_torn(self.metrics):
            aside = self.path / "damaged" / f"{self.metrics.name}-{time.time_ns()}"
            aside.parent.mkdir(exist_ok=True)
            shutil.copyfile(self.metrics, aside)
            say(f"{self.metrics}: 1 line that is no record was dropped; {aside} keeps it")
        rewrite_lines(self.metrics, [record.as_json() for record in kept])
        return kept


def new_folder(experiment: Experiment, seed: int, run_dir: str | Path | None) -> RunFolder:
    """The folder for a new run; it is not created yet.

    Raises:
        InputError: when `run_dir` already holds a run, or anything else.
    """
    if run_dir is None:
        return RunFolder(
            Path("runs") / experiment.name / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
        )
    folder = RunFolder(at_home(run_dir))
    check_place(folder.path, "--run-dir")
    if folder.config.exists():
        _refuse_used_folder(folder, experiment)
    if folder.path.exists():
        check_stays_inside(folder.path)
    if folder.path.exists() and any(
        path.name not in _LEFT_BY_A_START for path in folder.path.iterdir()
    ):
        raise InputError(
            f"--run-dir {folder.path} is not empty and holds no run; name a new folder"
        )
    return folder


def check_place(path: Path, option: str) -> None:
    """Raise an `InputError` unless `path`, given by this option, is a folder or can become one."""
    for place in (path, *path.absolute().parents):
        if place.is_symlink() and not place.exists():
            raise InputError(
                f"{option} {path} cannot be made: {place} is a link to {os.readlink(place)}, which "
                "does not exist; make that folder, or name another"
            )
        if place != path and place.exists() and not place.is_dir():
            raise InputError(f"{option} {path} cannot be made: {place} is a file")
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path} is a file; name a new folder")


def make_folder(wanted: Path, *, chosen: bool) -> Path:
    """Create the folder of a new run or search, and return its path.

    A name that was `chosen` automatically gets a number if the folder exists by now.

    Raises:
        InputError: when it cannot be created.
    """
    path, number = wanted, 1
    while True:
        try:
            path.mkdir(parents=True, exist_ok=not chosen)
            return path
        except FileExistsError as error:
            if not chosen:
                raise InputError(f"cannot make the folder {path}: {error.strerror}") from None
            number += 1
            path = wanted.with_name(f"{wanted.name}-{number}")
        except OSError as error:
            raise InputError(f"cannot make the folder {path}: {error.strerror}") from None


def open_folder(run: str | Path, *, package: str = "experiments") -> tuple[RunFolder, Config]:
    """The folder of an existing run, or of the shipped one of that name, and its configuration.

    Only an experiment of `package` is imported.

    Raises:
        InputError: when there is no run, config.json is broken, of another version or names a
            module of another package, or a file of the folder is a link that leaves it.
    """
    folder = RunFolder(find_run(at_home(run), package=package))
    if not folder.path.is_dir():
        raise no_such_run(folder.path, package=package)
    if not folder.config.exists():
        raise InputError(_why_no_run(folder.path))
    check_stays_inside(folder.path)
    return folder, read_config(folder.config, package=package)


def _why_no_run(path: Path) -> str:
    """What to say of a folder without config.json: it may hold the folders of runs."""
    inside = [config.parent for config in path.glob("*/config.json")]
    if not inside:
        return f"{path} holds no run, it has no config.json: give the path that `run` printed"
    newest = max(inside, key=lambda run: run.stat().st_mtime)
    return f"{path} is no run, it holds {len(inside)}: give one of them, such as {newest}"


def at_home(path: str | Path) -> Path:
    """The path with `~` as the home folder, which a shell does not expand after `=`.

    Raises:
        InputError: when there is no such home, and for what can be no path.
    """
    if not isinstance(path, str | Path):
        raise InputError(f"the folder of a run is {shown(path)}: give its path as text")
    try:
        place = Path(path).expanduser()
        place.exists()
    except RuntimeError as error:
        raise InputError(f"{path}: {error}; write the whole path") from None
    except OSError as error:
        raise InputError(f"{shown(str(path))} cannot be used: {error.strerror}") from None
    return place


def check_stays_inside(folder: Path) -> None:
    """Raise an `InputError` when something in `folder` is a link out of it, or no file.

    A folder may come from someone else: writing into it must not write elsewhere.
    """
    root = os.path.realpath(folder)
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = os.path.join(place, name)
            if os.path.islink(path):
                target = os.path.realpath(path)
                if os.path.commonpath([root, target]) != root:
                    raise InputError(
                        f"{path} is a link that leaves the folder of the run, to {target}: put "
                        "what it names in its place"
                    )
            elif not stat.S_ISREG(mode := os.lstat(path).st_mode) and not stat.S_ISDIR(mode):
                raise InputError(f"{path} is neither a file nor a folder: remove it")


def _refuse_used_folder(folder: RunFolder, experiment: Experiment) -> None:
    stored = read_json(folder.config)
    stored_name = stored.get("experiment", "?") if isinstance(stored, dict) else "?"
    if stored_name != experiment.name:
        raise InputError(
            f"--run-dir {folder.path} holds a run of {stored_name}, not of {experiment.name}; "
            "name a new folder"
        )
    if folder.is_finished:
        raise InputError(f"--run-dir {folder.path} holds a finished run; name a new folder")
    raise InputError(
        f"--run-dir {folder.path} holds an unfinished run; go on with `resume {folder.path}`"
    )
