"""`evaluate RUN`: the metrics of a trained model on one part of its data."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import describe_values, say


def evaluate(
    run: Path,
    /,
    *,
    part: Literal["train", "validation", "test"] = "test",
    checkpoint: Literal["last", "best"] = "last",
    dataset: str | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Evaluate a run's model; the last line of output is a JSON object of its metrics.

    Parameters
    ----------
    run
        The run's folder.
    part
        Which part of the data set.
    checkpoint
        The newest parameters, or those with the lowest validation loss.
    dataset
        Another data set than the run's own, of the same kind of inputs. Its classes are matched by
        name, and some may be missing. A folder of class folders is evaluated as a whole.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.runs.evaluate import evaluate_part
    from dl.runs.files import as_text

    evaluation = evaluate_part(
        run, part=part, checkpoint=checkpoint, dataset=dataset, package=catalog.package
    )
    if evaluation.summary:
        say(evaluation.summary)
    say(
        f"step {evaluation.step}: {describe_values(part, evaluation.values)}  "
        f"({evaluation.examples:,} {evaluation.unit} of {evaluation.dataset})"
    )
    print(as_text(evaluation.values))
