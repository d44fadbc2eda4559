"""`sample RUN`: print the text that a language model writes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.cli.right_kind import require_language_model
from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.screen import escaped

if TYPE_CHECKING:
    from dl.runs.trained import Trained


def sample(
    run: Path,
    /,
    *,
    prime: str = "",
    length: int = 500,
    count: int = 1,
    temperature: float = 1.0,
    top_k: int = 0,
    seed: int = 0,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Write text with a run's language model; standard output gets the prime and what follows it.

    Control characters that it writes are written out, as \\x1b, except for tabs and line ends.

    Parameters
    ----------
    run
        The run's folder.
    prime
        The text to continue; models of single documents need none.
    length
        Symbols to write.
    count
        How many texts to write, one below the other; for models of single documents, such as names.
    temperature
        Values below 1 make likely symbols more likely; 0 always takes the most likely.
    top_k
        Draw among this many of the most likely symbols; 0 draws among all.
    seed
        Another seed writes another text; the same seed writes the same text.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    require_language_model(run)
    from dl.runs.generate import generate
    from dl.runs.load import load

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    if count != 1:
        how = {"temperature": temperature, "top_k": top_k, "seed": seed}
        print_text("\n".join(_documents(loaded, count, prime=prime, longest=length, **how)))
        return
    written = generate(
        loaded,
        prime,
        length=length,
        temperature=temperature,
        top_k=top_k,
        seed=seed,
    )
    sys.stdout.write(prime)
    for piece in written:
        sys.stdout.write(escaped(piece, keep="\n\t"))
        sys.stdout.flush()
    sys.stdout.write("\n")


def _documents(loaded: "Trained", count: int, *, prime: str, longest: int, **how: Any) -> list[str]:
    """Several documents, drawn side by side."""
    from dl.runs.generate import generate_documents

    check_number("count", count, Range(at_least=1, at_most=10_000), whole=True)
    if not loaded.spec.ragged:
        raise InputError("--count is for models of single documents: leave it out, try --length")
    if prime:
        raise InputError("--count writes whole documents: leave --prime out, or --count")
    return generate_documents(loaded, count, longest=longest, **how)
