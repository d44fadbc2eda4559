"""`predict RUN FILE...`: classify pictures, texts or recordings of single words."""

import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text, say
from dl.cli.right_kind import refuse_written
from dl.errors import InputError
from dl.screen import escaped

if TYPE_CHECKING:
    import numpy as np

    from dl.runs.trained import Trained
    from dl.train.network import Predictions

_SURE = 0.7


def predict(
    run: Path,
    /,
    *files: Path,
    text: list[str] | None = None,
    photo: bool = False,
    max_megapixels: int = 89,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Classify pictures, texts or recordings; prints a line with class and probability each.

    Of an answer below 0.7 the second class is named too, on standard error. Pictures are resized to
    the size of the model's inputs, whole or only their middle, as in the run's evaluation;
    transparent parts become white. Data like MNIST are bright strokes on a dark ground, cut out and
    centred: use --photo for a photograph of one sign on paper. Of 100 made photographs of MNIST's
    test digits (pens, pencil, shadows, squared paper, large and turned pictures) LeNet
    recognises 98 to 100. A text file is one text.

    Parameters
    ----------
    run
        The run's folder.
    files
        Pictures, in any format that Pillow reads; text files for a run that learned from labelled
        texts; recordings, such as wav, for one that learned from recordings of single words.
    text
        A text itself; may be given several times.
    photo
        Find strokes darker than the paper, and scale and centre them as in MNIST.
    max_megapixels
        Refuse pictures with more pixels, in millions.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    if not files and not text:
        raise InputError("predict needs at least one picture or text: predict RUN FILE...")
    refuse_written(run, "knows no classes")
    from dl.runs.load import load

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    if loaded.spec.vocabulary is not None and loaded.spec.kind.chooses:
        if photo:
            raise InputError(f"--photo is for pictures, and {run} reads texts: leave it out")
        predictions = _of_texts(loaded, files, text or [])
    elif loaded.spec.sample_rate and loaded.spec.kind.chooses and not (text or photo):
        predictions = _of_recordings(loaded, files)
    else:
        _require_classes(loaded, run)
        if text or len(loaded.spec.input_shape) != 3:
            kind = (
                "pictures"
                if len(loaded.spec.input_shape) == 3
                else f"inputs of shape {loaded.spec.input_shape}"
            )
            raise InputError(
                f"the model of {run} takes {kind}, not {'texts' if text else 'pictures'}"
            )
        predictions = _of_pictures(loaded, files, photo, max_megapixels)
    names = [*map(str, files), *(textwrap.shorten(one, 60, placeholder="…") for one in text or [])]
    for name, answer, row in zip(names, predictions, predictions.probabilities, strict=True):
        print_text(escaped(f"{name}: {answer.label} ({answer.probability:.3f})"))
        if answer.probability < _SURE:
            say(f"{name}: {describe_doubt(predictions.class_names, row)}")


def _require_classes(loaded: "Trained", run: Path) -> None:
    if loaded.spec.kind.predicts_symbols:
        raise InputError(f"{run} writes text and knows no classes: use `sample {run}`")


def describe_doubt(class_names: tuple[str, ...], probabilities: "np.ndarray") -> str:
    """What else an answer of low probability may be.

    >>> import numpy as np
    >>> describe_doubt(("cat", "dog", "cow"), np.array([0.3, 0.6, 0.1]))
    'not sure, it may be cat (0.300)'
    """
    second = (-probabilities).argsort(kind="stable")[min(1, len(class_names) - 1)]
    return f"not sure, it may be {class_names[second]} ({probabilities[second]:.3f})"


def _of_texts(loaded: "Trained", files: tuple[Path, ...], texts: list[str]) -> "Predictions":
    from dl.data.text.stored import read_text

    return loaded.predict([*map(read_text, files), *texts])


def _of_recordings(loaded: "Trained", files: tuple[Path, ...]) -> "Predictions":
    import numpy as np

    from dl.runs.transcribe import read_sound
    from dl.types import Ragged

    sounds = [read_sound(file, loaded.spec.sample_rate) for file in files]
    lengths = np.array([len(sound) for sound in sounds], np.int32)
    samples = np.zeros((len(sounds), lengths.max()), np.int16)
    for row, sound in zip(samples, sounds, strict=True):
        row[: len(sound)] = sound
    return loaded.predict(Ragged(samples, lengths))


def _of_pictures(
    loaded: "Trained", files: tuple[Path, ...], photo: bool, max_megapixels: int
) -> "Predictions":
    import numpy as np

    from dl.data.pictures.photo import read_photo
    from dl.data.pictures.picture import read_picture

    read = read_photo if photo else partial(read_picture, view=loaded.spec.view)
    height, width, channels = loaded.spec.input_shape
    shape = height, width, channels
    return loaded.predict(
        np.stack([read(file, shape=shape, max_megapixels=max_megapixels) for file in files])
    )
