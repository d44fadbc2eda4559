"""`programs RUN`: how many of the C programs that a model writes compile, and whether they are copies."""

from pathlib import Path
from typing import Literal


def programs(
    run: Path,
    *,
    count: int = 100,
    temperature: float = 0.5,
    longest: int = 1500,
    order: int = 12,
    seed: int = 0,
    repair_calls: int = 400,
    show: int = 0,
    format: Literal["text", "markdown", "json"] = "text",
) -> None:
    """Judge C programs of a run's model beside those of an n-gram model and held-out real ones (H3).

    Parameters
    ----------
    run
        The folder of a run on a stream of C programs.
    count
        Programs of each.
    temperature
        Below 1 the likely becomes likelier.
    longest
        Symbols after which a program is cut.
    order
        Order of the n-gram model.
    seed
        Another seed draws other programs.
    repair_calls
        Calls of the compiler to mend a rejected program with; 0 mends none.
    show
        Print this many of the run's programs, each beside the nearest of the training part.
    format
        A table for people, Markdown, or JSON with every program.
    """
    import json

    from dl.inspect.program_report import as_json, beside, compare
    from dl.runs.programs import Asked, report_on_run

    asked = Asked(count, temperature, longest, order, seed, repair_calls)
    reports = report_on_run(str(run), asked)
    if format == "json":
        print(json.dumps({name: as_json(one) for name, one in reports.items()}, indent=2, ensure_ascii=False))
        return
    print(compare(reports, markdown=format == "markdown"))
    for sample in next(iter(reports.values())).samples[: max(0, show)]:
        print("\n" + beside(sample))
