"""What the page of a run is made from: its files, its model, and what the model answers."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dl.data.example import traced_inputs
from dl.errors import first_line
from dl.inspect.cost.drawing import Drawing, place
from dl.inspect.cost.flow import flow
from dl.inspect.cost.summary import Summary, summarize
from dl.reports.page.answers import Answered, answers_of_run
from dl.reports.page.playing import Played, played_by_run
from dl.runs.config import Config
from dl.runs.folder import RunFolder, open_folder
from dl.runs.stored import read_result, read_starts
from dl.train.record import Record

MOST_TEXTS = 5


@dataclass(frozen=True)
class Material:
    """Everything that a page says of one run; what does not exist is None or empty.

    `notes` say in a line each what is not there and why.
    """

    folder: RunFolder
    config: Config
    docstring: str
    records: list[Record]
    result: dict[str, Any] | None
    starts: list[dict[str, Any]]
    texts: dict[int, str] = field(default_factory=dict)
    """Texts that a language model wrote, by step."""
    summary: Summary | None = None
    drawing: Drawing | None = None
    answered: Answered | None = None
    played: Played | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What a page with several runs calls this one: the last two parts of its path."""
        return "/".join(self.folder.path.absolute().parts[-2:])


def gather(
    run: str | Path, *, predictions: bool = True, model: bool = True, package: str = "experiments"
) -> Material:
    """What is known of the run in folder `run`, which is only read.

    With `predictions` the trained model answers for the whole test part. If its members differ in
    options, which are then compared as in a search, it answers for the validation part. With
    `model` its layers are traced.

    Raises:
        InputError: when the folder is no run, or one of its files is broken.
    """
    folder, config = open_folder(run, package=package)
    notes: list[str] = []
    summary, drawing = _layers(config, notes) if model and config.experiment.build else (None, None)
    answered = played = None
    if predictions and config.experiment.build:
        answered = answers_of_run(folder, config, notes)
        played = played_by_run(folder, config, notes)
    return Material(
        folder,
        config,
        (sys.modules[config.experiment.options.__module__].__doc__ or "").strip(),
        folder.records(),
        read_result(folder.result) if folder.is_finished else None,
        read_starts(folder.manifest),
        _texts(folder),
        summary,
        drawing,
        answered,
        played,
        notes,
    )


def _layers(config: Config, notes: list[str]) -> tuple[Summary | None, Drawing | None]:
    spec, experiment = config.data, config.experiment
    try:
        model = experiment.recipe(config.options, spec, freeze=config.freeze).model
        inputs = traced_inputs(spec)
        return summarize(model, inputs), place(flow(model, inputs))
    except Exception as error:  # an experiment's own model may do anything
        notes.append(f"The layers are not shown: {first_line(error)}.")
        return None, None


def _texts(folder: RunFolder) -> dict[int, str]:
    """The first text and the newest ones."""
    files = sorted(folder.samples.glob("step-*.txt")) if folder.samples.is_dir() else []
    chosen = files if len(files) <= MOST_TEXTS else [files[0], *files[1 - MOST_TEXTS :]]
    numbers = {file: file.stem.removeprefix("step-") for file in chosen}
    return {
        int(number): file.read_text(encoding="utf-8", errors="replace")
        for file, number in numbers.items()
        if number.isdigit()
    }
