"""`transcribe RUN FILE...`: write down what is said in recordings."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.errors import InputError
from dl.screen import escaped

if TYPE_CHECKING:
    from dl.decoding.ctc import Language
    from dl.runs.trained import Trained


def transcribe(
    run: Path,
    /,
    *files: Path,
    beam: int = 0,
    language: Path | None = None,
    order: int = 2,
    weight: float = 0.5,
    bonus: float = 0.0,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Write down what is said in recordings with a run's model; prints a line of labels for each.

    Files are wav of 8 to 32 bits, and with soundfile (pip install 'dl-lectures[speech]') flac and
    others. Several channels are averaged; another rate than the model's is resampled.

    Parameters
    ----------
    run
        The run's folder.
    files
        Recordings.
    beam
        Prefixes that are kept in the search for the most probable labels; 0 takes the most probable
        class of every step.
    language
        A text with a line of labels for each of many utterances, whose n-grams are counted: likely
        sequences are preferred. It needs a beam.
    order
        Labels of the longest n-grams of the language.
    weight
        How much the language counts beside the sound.
    bonus
        Is added for every label, against the language's liking for short sequences.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    if not files:
        raise InputError("transcribe needs at least one recording: transcribe RUN FILE...")
    from dl.runs.load import load
    from dl.runs.transcribe import transcribe as transcribe_all

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    transcripts = transcribe_all(
        loaded,
        files,
        beam=beam,
        language=None if language is None else _count(language, loaded, order),
        weight=weight,
        bonus=bonus,
    )
    for file, transcript in zip(files, transcripts, strict=True):
        print_text(escaped(f"{file}: {transcript.text}"))


def _count(file: Path, loaded: "Trained", order: int) -> "Language":
    from dl.data.text.stored import read_text
    from dl.decoding.ctc import ngram_language

    labels = loaded.spec.text
    lines = [line.split() for line in read_text(file).splitlines() if line.strip()]
    known = {symbol: number for number, symbol in enumerate(labels.symbols)}
    if strange := [word for line in lines for word in line if word not in known]:
        raise InputError(f"{file} has the label {strange[0]!r}, which the model does not know")
    if not lines:
        raise InputError(f"{file} has no line of labels: give one for each utterance")
    numbers = [[known[word] for word in line] for line in lines]
    return ngram_language(numbers, len(labels), order=order)
