"""`evaluate RUN`: the metrics of a trained model on one part of its data, or a report."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.assess.report import Form, Report, write_report
from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import describe_values, print_text, say
from dl.errors import InputError, RunError
from dl.screen import escaped, escaped_json

_ENDINGS: dict[str, Form] = {".md": "markdown", ".csv": "csv", ".json": "json"}


def evaluate(
    run: Path,
    /,
    *,
    part: Literal["train", "validation", "test"] = "test",
    checkpoint: Literal["last", "best"] | None = None,
    dataset: str | None = None,
    report: Annotated[bool, Parameter(negative=())] = False,
    format: Form | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Evaluate a run's model; the last line of output is a JSON object of its metrics.

    With --report, a report takes the place of that line. For classes it has the confusion matrix;
    precision, recall, F1, AUC and average precision of each class; top-k accuracy, log loss, Brier
    score and calibration; the classes that are confused most, and the worst mistakes. Other tasks
    have what applies to them.

    Parameters
    ----------
    run
        The run's folder.
    part
        Which part of the data set.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    dataset
        Another data set than the run's own, of the same kind of inputs. Its classes are matched by
        name, and some may be missing. A folder of class folders is evaluated as a whole.
    report
        Print a report in the place of the metrics.
    format
        The report as tables for people, as Markdown, as CSV with a row for each class, or as JSON
        with everything. By default what the ending of the file in --output says, else text.
    output
        Write the report into this file, outside of the run's folder, and print the metrics.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    _check_report_options(run, report, format, output)
    from dl.runs.evaluate import evaluate_part
    from dl.runs.files import as_text

    evaluation = evaluate_part(
        run,
        part=part,
        checkpoint=checkpoint,
        dataset=dataset,
        report=report,
        package=catalog.package,
    )
    if evaluation.summary:
        say(evaluation.summary)
    say(
        f"step {evaluation.step}: {describe_values(part, evaluation.values)}  "
        f"({evaluation.examples:,} {evaluation.unit} of {evaluation.dataset})"
    )
    if evaluation.report is not None:
        form = format or _ENDINGS.get(output.suffix if output else "", "text")
        text = _written(evaluation.report, form)
        if output is None:
            print_text(text)
            return
        _write(output, text)
    print(as_text(evaluation.values))


def _check_report_options(
    run: Path, report: bool, format: Form | None, output: Path | None
) -> None:
    """Refuse before anything is computed what could not be written afterwards."""
    if not report and (format or output):
        raise InputError(f"{'--format' if format else '--output'} is for --report: give it too")
    if output is None:
        return
    from dl.runs.files import check_output, check_outside

    check_output(output)
    check_outside(output, run, verb="evaluate")


def _written(report: Report, form: Form) -> str:
    text = write_report(report, form)
    return escaped_json(text) if form == "json" else escaped(text, keep="\n\t")


def _write(output: Path, text: str) -> None:
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {output}: {error.strerror or error}") from error
    say(f"report written to {output}")
