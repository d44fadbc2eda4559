"""The folder of a run: its files and its configuration.

```
runs/lenet_digits/20260131-120000-0/
    initial/          with --init-from: the parameters that the run begins with
    config.json       the experiment, every option, what was chosen for it (written first)
    manifest.json     versions, device, git commit, data fingerprint, seed, command of each start
    metrics.jsonl     a record on each line
    checkpoints/      Orbax checkpoints by step
    profile/          with --profile: a trace of some steps
    samples/          language models: a text written at each evaluation
    programs.json     models of C programs: the last report of `programs`
    result.json       the final figures (written last: a run that has it is finished)
```
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dl.data.dataset import DataSpec
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError
from dl.runs.experiment import Experiment, load_experiment
from dl.runs.files import read_json, read_lines, rewrite_lines, write_json
from dl.train.recipe import Recipe
from dl.train.record import Record

FORMAT = 2
# The only files when a process dies before config.json is whole.
_LEFT_BY_A_START = {"lock", "initial", "config.json.tmp"}


@dataclass(frozen=True)
class RunFolder:
    """The files of one run."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def initial(self) -> Path:
        return self.path / "initial"

    @property
    def result(self) -> Path:
        return self.path / "result.json"

    @property
    def profile(self) -> Path:
        return self.path / "profile"

    @property
    def samples(self) -> Path:
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
        return [Record(**line) for line in read_lines(self.metrics)]

    def cut_records(self, step: int) -> list[Record]:
        """Drop a torn line and all records past `step`; returns the rest."""
        kept = [record for record in self.records() if record.step <= step]
        rewrite_lines(self.metrics, [record.as_json() for record in kept])
        return kept


@dataclass(frozen=True)
class Origin:
    """The origin of a run's first parameters: another run, its step, a checksum of its arrays.

    `taken` holds the paths of the arrays from the other run, `new` those of newly drawn ones.
    """

    run: str
    step: int
    checksum: int
    taken: tuple[str, ...]
    new: tuple[str, ...]

    def describe(self) -> str:
        """The origin in one line.

        >>> taken, new = ("hidden/bias", "hidden/kernel"), ("output/bias", "output/kernel")
        >>> Origin("a/run", 40, 0, taken, new).describe()
        'a/run, step 40: taken 2 of 4, new: output/bias, output/kernel'
        """
        taken = (
            f"{self.run}, step {self.step}: taken {len(self.taken)} of "
            f"{len(self.taken) + len(self.new)}"
        )
        return ", new: ".join([taken, ", ".join(self.new)] if self.new else [taken])


@dataclass(frozen=True)
class Config:
    """The contents of config.json: all that is needed to build the same run again."""

    experiment: Experiment
    options: Any
    steps_per_call: int
    parallel: str
    devices: int
    data: DataSpec
    freeze: tuple[str, ...] = ()
    origin: Origin | None = None

    def build(self) -> Recipe:
        """Model, objective and optimizer of the run."""
        return self.experiment.recipe(self.options, self.data, freeze=self.freeze)

    def write(self, folder: RunFolder) -> None:
        """Write config.json."""
        write_json(
            folder.config,
            {
                "format": FORMAT,
                "experiment": self.experiment.name,
                "module": self.experiment.module,
                "options": asdict(self.options),
                "chosen": {
                    "steps_per_call": self.steps_per_call,
                    "parallel": self.parallel,
                    "devices": self.devices,
                },
                "data": asdict(self.data),
                "freeze": self.freeze,
                "origin": asdict(self.origin) if self.origin else None,
            },
        )


def new_folder(experiment: Experiment, seed: int, run_dir: str | Path | None) -> RunFolder:
    """The folder for a new run; it is not created yet.

    Raises:
        InputError: when `run_dir` already holds a run, or anything else.
    """
    if run_dir is None:
        return RunFolder(
            Path("runs") / experiment.name / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
        )
    folder = RunFolder(Path(run_dir))
    for parent in folder.path.absolute().parents:
        if parent.exists() and not parent.is_dir():
            raise InputError(f"--run-dir {folder.path} cannot be made: {parent} is a file")
    if folder.config.exists():
        _refuse_used_folder(folder, experiment)
    if folder.path.exists() and not folder.path.is_dir():
        raise InputError(f"--run-dir {folder.path} is a file; name a new folder")
    if folder.path.exists() and any(
        path.name not in _LEFT_BY_A_START for path in folder.path.iterdir()
    ):
        raise InputError(
            f"--run-dir {folder.path} is not empty and holds no run; name a new folder"
        )
    return folder


def make_folder(folder: RunFolder, *, chosen: bool) -> RunFolder:
    """Create the folder of a new run.

    A name that was `chosen` automatically gets a number if the folder exists by now.

    Raises:
        InputError: when it cannot be created.
    """
    path, number = folder.path, 1
    while True:
        try:
            path.mkdir(parents=True, exist_ok=not chosen)
            return RunFolder(path)
        except FileExistsError:
            number += 1
            path = folder.path.with_name(f"{folder.path.name}-{number}")
        except OSError as error:
            raise InputError(f"cannot make the folder {path}: {error.strerror}") from None


def open_folder(run: str | Path) -> tuple[RunFolder, Config]:
    """The folder of an existing run, and its configuration.

    Raises:
        InputError: when there is no run, or config.json is broken or of another version.
    """
    folder = RunFolder(Path(run))
    if not folder.path.is_dir():
        raise InputError(f"no run folder {folder.path}: give the path that `run` printed")
    if not folder.config.exists():
        raise InputError(
            f"{folder.path} holds no run, it has no config.json: give the path that `run` printed"
        )
    return folder, _read_config(folder.config)


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


def _read_config(path: Path) -> Config:
    stored: Any = read_json(path)
    version = stored.get("format", "none") if isinstance(stored, dict) else "none"
    if version == 1:
        stored = _from_format_1(stored)
    elif version != FORMAT:
        raise InputError(
            f"{path} has format {version}, this version reads 1 and {FORMAT}: "
            f"use the version that wrote it"
        )
    try:
        experiment = load_experiment(stored["module"])
        options = experiment.options(**stored["options"])
        origin = Origin(**_as_tuples(stored["origin"])) if stored.get("origin") else None
        return Config(
            experiment,
            options,
            **stored["chosen"],
            data=_read_spec(stored["data"]),
            freeze=tuple(stored.get("freeze", ())),
            origin=origin,
        )
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{path} is broken or of another version ({error}); it cannot be used"
        ) from None


def _from_format_1(stored: dict[str, Any]) -> dict[str, Any]:
    """Rename the options of version 0.1.0 that have other names now."""
    options = {**stored.get("options", {})}
    if "scan_steps" in options:
        options["steps_per_call"] = options.pop("scan_steps")
    chosen = {**stored.get("chosen", {})}
    chosen["steps_per_call"] = chosen.pop("chunk_steps", 0)
    return {**stored, "options": options, "chosen": chosen}


def _read_spec(stored: dict[str, Any]) -> DataSpec:
    vocabulary = (
        Vocabulary(**_as_tuples(stored["vocabulary"])) if stored.get("vocabulary") else None
    )
    return replace(DataSpec(**_as_tuples(stored)), vocabulary=vocabulary)


def _as_tuples(stored: dict[str, Any]) -> dict[str, Any]:
    """Turn the lists of JSON back into the tuples that were stored."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
