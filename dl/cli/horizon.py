"""`horizon RUN`: how far back the recurrent layers of a run reach, before and after training."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_json, print_text
from dl.cli.right_kind import require_recurrent, require_text


def horizon(
    run: Path,
    /,
    *,
    text: str = "",
    sequences: int = 32,
    steps: int = 200,
    checkpoint: Literal["last", "best"] | None = None,
    format: Literal["text", "markdown", "json"] = "text",
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Show how far back a run's recurrent layers reach, before and after training (G2, G5).

    For each layer, on the test part: the norm of the gradient of its last output with respect
    to its earlier states, by distance in steps; the spectral radius and the norm of each gate's
    recurrent weight; how often the units of each gate are shut (below 0.1) and open (above 0.9).

    Parameters
    ----------
    run
        The folder of a run of a recurrent net.
    text
        Show what the gates and states do at each symbol of this text instead.
    sequences
        How many sequences of the test part.
    steps
        Symbols in each, where the test part is one stream; other sequences are taken whole.
    checkpoint
        The last checkpoint, or the one that validated best; by default the latter if the run has
        patience.
    format
        Tables for people, Markdown, or JSON with the gradient at every distance.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    (require_text if text else require_recurrent)(run)
    from dl.reports.horizon import gates_of_text, horizons_of_run

    if text:
        layers = gates_of_text(str(run), text, checkpoint=checkpoint, package=catalog.package)
        if format == "json":
            print_json([layer.to_dict() for layer in layers])
            return
        shown = [f"{layer.heading}\n{getattr(layer.table(), format)()}" for layer in layers]
    else:
        layers = horizons_of_run(
            str(run),
            sequences=sequences,
            steps=steps,
            checkpoint=checkpoint,
            package=catalog.package,
        )
        if format == "json":
            print_json([layer.to_dict() for layer in layers], indent=2)
            return
        shown = [
            "\n\n".join([layer.heading, *(getattr(table, format)() for table in layer.tables())])
            for layer in layers
        ]
    print_text("\n\n".join(shown))
