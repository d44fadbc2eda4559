"""`programs RUN`: how many of the C programs that a model writes compile, and whether they are
copies.
"""

from pathlib import Path
from typing import Literal

from dl.cli.outcome import say


def programs(
    run: Path,
    *,
    count: int = 100,
    temperature: float = 0.5,
    longest: int = 0,
    longest_gram: int = 12,
    seed: int = 0,
    repair_calls: int = 400,
    checkpoint: Literal["last", "best"] = "last",
    show: int = 0,
    format: Literal["text", "markdown", "json"] = "text",
) -> None:
    """Judge C programs of a run's model beside those of an n-gram model and held-out real ones
    (H3).

    A model that was trained on single programs begins with nothing, one trained on a stream of them
    goes on from one of the training part. All of it, every program with the nearest of the training
    part, is also written to the run's folder, as programs.json.

    Parameters ---------- run
        The folder of a run on C programs.
    count Programs of each.
    temperature Below 1 the likely becomes likelier.
    longest Symbols after which a program is cut; 0: 1.5 times as many as the longest of the
        training part has.
    longest_gram Symbols of the n-gram model's longest n-grams.
    seed Another seed draws other programs.
    repair_calls Calls of the compiler to mend a rejected program with; 0 mends none.
    checkpoint The last checkpoint, or the one that validated best.
    show Print this many programs of each, each beside the nearest of the training part.
    format A table for people, Markdown, or JSON with every program.
    """
    import json

    from dl.c_programs.report import as_json, beside, compare
    from dl.reports.programs import ProgramOptions, report_on_run

    options = ProgramOptions(count, temperature, longest, longest_gram, seed, repair_calls)
    reports = report_on_run(str(run), options, checkpoint=checkpoint, say=say)
    if format == "json":
        print(
            json.dumps(
                {name: as_json(one) for name, one in reports.items()}, indent=2, ensure_ascii=False
            )
        )
        return
    table = compare(reports)
    print(table.markdown() if format == "markdown" else table.text())
    for name, one in reports.items() if show > 0 else ():
        for sample in one.samples[:show]:
            print(f"\n=== {name} ===\n" + beside(sample))
