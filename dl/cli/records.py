"""`records RUN`: what a run has recorded, as a table for people or for a spreadsheet."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text, say
from dl.errors import InputError, RunError
from dl.screen import escaped

_ENDINGS = {".csv": "csv", ".md": "markdown"}


def records(
    run: Path,
    /,
    *,
    format: Literal["text", "markdown", "csv"] | None = None,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Show the records of a run: loss and metrics by step, of training and of held-out examples.

    The columns are the union of all values' names; what a record does not have is left empty. A run
    may still be training. `run NAME --log csv` keeps such a file beside the records.

    Parameters
    ----------
    run
        The run's folder.
    format
        A table for people, in Markdown, or CSV with whole numbers for a spreadsheet. By default
        what the ending of the file in --output says, else text.
    output
        Write the table into this file, outside of the run's folder.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.runs.files import check_output, check_outside
    from dl.runs.folder import open_folder
    from dl.train.record import as_table

    folder, _ = open_folder(run, package=catalog.package)
    if output is not None:
        check_output(output)
        check_outside(output, folder.path, verb="records")
    history = folder.records()
    if not history:
        raise InputError(f"{folder.path} has no records yet: wait for its first, or `resume` it")
    ending = _ENDINGS.get(output.suffix if output else "", "text")
    text = str(getattr(as_table(history), format or ending)())
    if output is None:
        print_text(text)
        return
    try:
        output.write_text(escaped(text, keep="\n\t") + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot write {output}: {error.strerror or error}") from error
    say(f"{len(history)} records written to {output}")
