"""`horizon RUN`: how far back the recurrent layers of a run reach, before and after training."""

import json
from pathlib import Path
from typing import Literal

from dl.cli.catalog import name_experiment


def horizon(
    run: Path,
    /,
    *,
    text: str = "",
    sequences: int = 32,
    steps: int = 200,
    checkpoint: Literal["last", "best"] = "last",
    format: Literal["text", "markdown", "json"] = "text",
    experiment: Path | None = None,
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
        The last checkpoint, or the one that validated best.
    format
        Tables for people, Markdown, or JSON with the gradient at every distance.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.reports.horizon import gates_of_text, horizons_of_run

    if text:
        layers = gates_of_text(str(run), text, checkpoint=checkpoint)
        if format == "json":
            print(json.dumps([layer.to_dict() for layer in layers], ensure_ascii=False))
            return
        shown = [f"{layer.heading}\n{getattr(layer.table(), format)()}" for layer in layers]
    else:
        layers = horizons_of_run(str(run), sequences=sequences, steps=steps, checkpoint=checkpoint)
        if format == "json":
            print(json.dumps([layer.to_dict() for layer in layers], indent=2))
            return
        shown = [
            "\n\n".join([layer.heading, *(getattr(table, format)() for table in layer.tables())])
            for layer in layers
        ]
    print("\n\n".join(shown))
