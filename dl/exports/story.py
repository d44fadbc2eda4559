"""What an exported net was made from: the experiment, its options, its data and its figures."""

from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from dl.data.spec import DataSpec
from dl.runs.folder import RunFolder, open_folder
from dl.runs.manifest import first_start
from dl.runs.stored import read_result
from dl.runs.trained import Trained
from dl.train.network import Network
from dl.train.record import Record


@dataclass(frozen=True)
class Story:
    """Where a net comes from; what is not known is empty.

    `figures` has metrics by part, `start` what was noted when the run began. `chosen_on` is the
    part on which the step of the parameters was chosen.
    """

    spec: DataSpec
    model: str
    experiment: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    step: int = 0
    finished: bool = False
    chosen_on: str = ""
    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    start: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    device: str = ""


def story_of(
    trained: Trained | Network, run: str | Path | None = None, *, package: str = "experiments"
) -> Story:
    """The story of a net, and with the folder of its `run` that of the run too.

    Raises:
        InputError: for a folder that is no run, or a damaged one.
    """
    network = trained.network
    if not isinstance(trained, Trained):
        return Story(network.described, network.model.name)
    options = trained.options
    known = {
        "experiment": type(options).__module__.rpartition(".")[2],
        "options": asdict(options),
        "changed": _changed(options),
        "step": trained.answering.steps_made,
        "finished": not trained.interrupted,
        "chosen_on": "validation" if trained.best is not None else "",
        "figures": _last_figures(trained.history, trained.answering.steps_made),
    }
    if run is not None:
        folder, config = open_folder(run, package=package)
        known |= {"experiment": config.experiment.name, **_of_run(folder, trained)}
    return Story(network.described, network.model.name, **known)


def _of_run(folder: RunFolder, trained: Trained) -> dict[str, Any]:
    known: dict[str, Any] = {"start": first_start(folder.manifest) or {}}
    if folder.is_finished:
        result = read_result(folder.result)
        known |= {"seconds": result["wall_seconds"], "device": result["device"]}
        if trained.answering.steps_made == result.get("best_step", result["steps"]):
            known["figures"] = result["metrics"]
    return known


def _changed(options: Any) -> tuple[str, ...]:
    """The options that differ from their defaults."""
    return tuple(
        each.name for each in fields(options) if getattr(options, each.name) != each.default
    )


def _last_figures(history: list[Record], step: int) -> dict[str, dict[str, float]]:
    """The last record of each part until `step`."""
    return {each.split: each.values for each in history if each.step <= step}
