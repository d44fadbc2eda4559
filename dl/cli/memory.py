"""`memory RUN`: how far back the recurrent layers of a run reach, before and after its training."""

from pathlib import Path
from typing import Literal


def memory(
    run: Path,
    *,
    text: str = "",
    sequences: int = 32,
    steps: int = 200,
    checkpoint: Literal["last", "best"] = "last",
    format: Literal["text", "markdown", "json"] = "text",
) -> None:
    """Measure the memory of a run's recurrent layers on its test part, before and after training
    (G2, G5).

    For each layer: the norm of the gradient of its last output in its states, by distance in steps;
    of each gate's recurrent weight the spectral radius and the norm; how often units of a gate are
    shut (below 0.1) and open (above 0.9).

    Parameters
    ----------
    run
        The folder of a run of a recurrent net.
    text
        Instead show what the gates and states do at each symbol of this text.
    sequences
        How many sequences of the test part.
    steps
        Symbols in each, where the test part is one stream; other sequences are taken whole.
    checkpoint
        The last checkpoint, or the one that validated best.
    format
        Tables for people, Markdown, or JSON with the gradient at every distance.
    """
    import json

    from dl.inspect import text_gates
    from dl.inspect.memory import as_json, compare
    from dl.runs.memory import gates_of_text, memory_of_run

    if text:
        found = gates_of_text(str(run), text, checkpoint=checkpoint)
        if format == "json":
            print(json.dumps([text_gates.as_json(layer) for layer in found], ensure_ascii=False))
        else:
            print(
                "\n\n".join(
                    text_gates.as_text(layer, markdown=format == "markdown") for layer in found
                )
            )
        return
    layers = memory_of_run(str(run), sequences=sequences, steps=steps, checkpoint=checkpoint)
    if format == "json":
        print(json.dumps([as_json(layer) for layer in layers], indent=2))
    else:
        print(compare(layers, markdown=format == "markdown"))
