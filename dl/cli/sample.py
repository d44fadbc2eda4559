"""`sample RUN`: print the text that a language model writes."""

import sys
from pathlib import Path
from typing import Literal

from dl.cli.catalog import name_experiment


def sample(
    run: Path,
    /,
    *,
    prime: str = "",
    length: int = 500,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
    checkpoint: Literal["last", "best"] = "last",
    experiment: Path | None = None,
) -> None:
    """Write text with a run's language model; standard output gets the prime and what follows it.

    Parameters
    ----------
    run
        The run's folder.
    prime
        The text to continue; models of single documents need none.
    length
        Symbols to write.
    temperature
        Values below 1 make likely symbols more likely; 0 always takes the most likely.
    top_k
        Draw among this many of the most likely symbols; 0 draws among all.
    seed
        Another seed writes another text; the same seed writes the same text.
    checkpoint
        The newest parameters, or those with the lowest validation loss.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.runs.generate import generate
    from dl.runs.load import load

    written = generate(
        load(run, checkpoint=checkpoint),
        prime,
        length=length,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
    )
    sys.stdout.write(prime)
    for piece in written:
        sys.stdout.write(piece)
        sys.stdout.flush()
    sys.stdout.write("\n")
