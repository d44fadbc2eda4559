"""`programs RUN`: whether the C programs that a model writes compile, and are copies."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_json, print_text, say
from dl.cli.right_kind import require_language_model


def programs(
    run: Path,
    /,
    *,
    count: int = 100,
    temperature: float = 0.5,
    longest: int = 0,
    longest_gram: int = 12,
    seed: int = 0,
    repair_calls: int = 400,
    checkpoint: Literal["last", "best"] | None = None,
    show: int = 0,
    format: Literal["text", "markdown", "json"] = "text",
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Judge C programs that a run's model writes (H3).

    Programs of an n-gram model and held-out real ones are judged too, for comparison. A model that
    was trained on single programs begins with an empty state, a model that was trained on a stream
    continues a program of the training part. All programs and the training programs nearest to
    them are also written to programs.json in the run's folder.

    Parameters
    ----------
    run
        The folder of a run on C programs.
    count
        Programs per source: network, n-gram model, test part.
    temperature
        Values below 1 make likely symbols more likely.
    longest
        Symbols after which a program is cut; 0: 1.5 times the longest training program.
    longest_gram
        The n of the n-gram model: symbols of its longest n-grams.
    seed
        Another seed draws other programs.
    repair_calls
        Compiler calls to mend one rejected program; 0 mends none.
    checkpoint
        The last checkpoint, or the one that validated best; by default the latter if the run has
        patience.
    show
        Print this many programs per source, each with the nearest of the training part.
    format
        A table as text or Markdown, or JSON with every program.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    require_language_model(run)
    from dl.c_programs.report import as_json, beside, compare
    from dl.reports.programs import ProgramOptions, report_on_run

    options = ProgramOptions(count, temperature, longest, longest_gram, seed, repair_calls)
    reports = report_on_run(
        str(run), options, checkpoint=checkpoint, say=say, package=catalog.package
    )
    if format == "json":
        told = {name: as_json(report) for name, report in reports.items()}
        print_json(told, indent=2)
        return
    table = compare(reports)
    print_text(table.markdown() if format == "markdown" else table.text())
    for name, report in reports.items() if show > 0 else ():
        for sample in report.samples[:show]:
            print_text(f"\n=== {name} ===\n" + beside(sample))
