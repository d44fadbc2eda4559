"""The metrics of a stored run on any part of its data, or of other data."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from dl.data.sources.source import Source
from dl.data.sources.tokens import TokenSource
from dl.errors import InputError, RunError, first_line
from dl.runs.config import Config
from dl.runs.folder import open_folder
from dl.runs.load import load_with_remarks
from dl.runs.other_data import other_data
from dl.runs.reporting import AnyReport
from dl.screen import say

_Result = TypeVar("_Result")


class Evaluation(NamedTuple):
    """Metrics by name, the step of the parameters, and which examples were looked at.

    Of a stream each symbol but the first is an example; `unit` is what examples are called.
    `summary` is that of the other data set, if one was named. `report` is there if asked for.
    """

    values: dict[str, float]
    step: int
    examples: int
    unit: str
    dataset: str
    summary: str
    report: AnyReport | None = None


def evaluate_run(
    run: str | Path,
    *,
    part: str = "test",
    checkpoint: Literal["last", "best"] | None = None,
    dataset: str | None = None,
    package: str = "experiments",
) -> tuple[dict[str, float], int]:
    """Metrics of the run in folder `run` on a part of its data, and the step of its parameters.

    See `evaluate_part`, which also says on how many examples.
    """
    evaluation = evaluate_part(
        run, part=part, checkpoint=checkpoint, dataset=dataset, package=package
    )
    return evaluation.values, evaluation.step


def evaluate_part(
    run: str | Path,
    *,
    part: str = "test",
    checkpoint: Literal["last", "best"] | None = None,
    dataset: str | None = None,
    report: bool = False,
    package: str = "experiments",
) -> Evaluation:
    """Evaluate the run in folder `run` on a part of its data.

    `dataset` names another data set to evaluate on. It is normalised like the run's own, and its
    classes are matched by name; it need not have all of them. Pictures of a folder, or of many
    sizes, get the size and channels that the model takes. A folder without parts is evaluated as a
    whole. With `report`, the predictions are also reported on (`Trained.report`). The run's
    experiment is one of `package`.

    Raises:
        InputError: when the folder is no run, the data set has no such part, or `dataset` does not
            fit the model; for the report on an auto-encoder.
        RunError: when the data are not those that the run was trained on.
    """
    folder, config = open_folder(run, package=package)
    trained, remarks = load_with_remarks(folder.path, checkpoint=checkpoint, package=package)
    data = trained.open_data() if dataset is None else other_data(dataset, config)
    examples, unit = _count(data.part(part))
    told = _computed(lambda: trained.report(part, data=data), config) if report else None
    values = _computed(lambda: trained.evaluate(part, data=data), config)
    for remark in remarks:  # beside figures only: a refusal is one line
        say(remark)
    summary = "" if dataset is None else data.summary
    step = trained.answering.steps_made
    return Evaluation(values, step, examples, unit, data.spec.name, summary, told)


def _count(source: Source) -> tuple[int, str]:
    """How many predictions an evaluation makes, and what they are called."""
    if isinstance(source, TokenSource):
        return len(source.tokens) - 1, "symbols"
    return len(source), "examples"


def _computed(compute: Callable[[], _Result], config: Config) -> _Result:
    try:
        return compute()
    except (InputError, RunError, OSError):
        raise
    except Exception as error:
        if not config.edited:
            raise
        raise InputError(
            f"config.json was changed, and asks for what cannot be evaluated "
            f"({first_line(error)}): bring back a copy of it"
        ) from error
