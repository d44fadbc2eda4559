"""`translate RUN [FILE]`: print the translation of each line of a file, or of what is typed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.cli.right_kind import require_translation
from dl.cli.typed import typed_lines
from dl.ranges import Range, check_number
from dl.screen import escaped, say

if TYPE_CHECKING:
    from dl.runs.trained import Trained

_LINES_AT_ONCE = 1024


def translate(
    run: Path,
    file: Path | None = None,
    /,
    *,
    beam: int = 5,
    n_best: int = 1,
    length_penalty: float = 1.0,
    temperature: float = 0.0,
    seed: int = 0,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Translate a text file line by line; without FILE, each line of standard input as it comes.

    Standard output gets one line for each line that is read, so that `translate RUN FILE > OUTPUT`
    keeps the lines beside each other. With --n-best it gets that many for each, with their scores
    in front: mean log-probabilities of a kind, the higher the better.

    Parameters
    ----------
    run
        The folder of a run that learned from pairs of texts.
    file
        A text in UTF-8, plain or compressed, with a sentence on each line.
    beam
        How many beginnings a search keeps; 1 always takes the likeliest symbol.
    n_best
        How many translations to print of each line, at most the beam.
    length_penalty
        Higher values write longer sentences; 0 compares log-probabilities as they are.
    temperature
        Above 0, one translation is drawn for each line, by probabilities to the power of
        1/temperature, and there is no search.
    seed
        Another seed draws another translation.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    require_translation(run)
    check_number("beam", beam, Range(at_least=1, at_most=1000), whole=True)
    check_number("length_penalty", length_penalty, Range(at_least=0))
    check_number("temperature", temperature, Range(at_least=0))
    most = 1 if temperature else beam
    check_number("n_best", n_best, Range(at_least=1, at_most=most), whole=True)
    lines = None if file is None else _lines_of(file)
    from dl.runs.load import load

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    how = {
        "beam": beam,
        "n_best": n_best,
        "length_penalty": length_penalty,
        "temperature": temperature,
        "seed": seed,
    }
    if lines is not None:
        for start in range(0, len(lines), _LINES_AT_ONCE):
            _print_all(loaded, lines[start : start + _LINES_AT_ONCE], how)
        return
    if sys.stdin.isatty():
        say("a line to translate, and Return; Ctrl-D ends")
    for line in typed_lines(sys.stdin):
        _print_all(loaded, [line], how)


def _print_all(loaded: "Trained", lines: list[str], how: dict[str, Any]) -> None:
    from dl.runs.translate import translate as translations_of

    for found in translations_of(loaded, lines, **how):
        for one in found:
            score = f"{one.score:.3f}\t" if how["n_best"] > 1 else ""
            print_text(escaped(f"{score}{one.text}", keep="\t"))


def _lines_of(file: Path) -> list[str]:
    from dl.data.text.stored import read_text

    return read_text(file).removesuffix("\n").split("\n")
