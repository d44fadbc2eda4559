"""`predict RUN FILE...`: classify pictures or texts."""

import textwrap
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.errors import InputError
from dl.screen import escaped

if TYPE_CHECKING:
    from dl.runs.trained import Trained
    from dl.train.network import Prediction


def predict(
    run: Path,
    /,
    *files: Path,
    text: list[str] | None = None,
    photo: bool = False,
    checkpoint: Literal["last", "best"] = "last",
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Classify pictures or texts with a run's model; prints a line with class and probability each.

    Pictures are resized to the size of the model's inputs, whole or only their middle, as in the
    run's evaluation. Data like MNIST are bright strokes on a dark ground, cut out and centred: use
    --photo for a photograph of a sign on paper. A text file is one text.

    Parameters
    ----------
    run
        The run's folder.
    files
        Pictures, in any format that Pillow reads; text files for a run that learned from labelled
        texts.
    text
        A text itself; may be given several times.
    photo
        Find dark strokes on light ground, and scale and centre them as in MNIST.
    checkpoint
        The newest parameters, or those with the lowest validation loss.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    if not files and not text:
        raise InputError("predict needs at least one picture or text: predict RUN FILE...")
    from dl.runs.load import load

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    if loaded.spec.vocabulary is not None and loaded.spec.kind.chooses:
        if photo:
            raise InputError(f"--photo is for pictures, and {run} reads texts: leave it out")
        predictions = _of_texts(loaded, files, text or [])
    else:
        if text or len(loaded.spec.input_shape) != 3:
            kind = (
                "pictures"
                if len(loaded.spec.input_shape) == 3
                else f"inputs of shape {loaded.spec.input_shape}"
            )
            raise InputError(
                f"the model of {run} takes {kind}, not {'texts' if text else 'pictures'}"
            )
        predictions = _of_pictures(loaded, files, photo=photo)
    for name, prediction in predictions:
        print_text(escaped(f"{name}: {prediction.label} ({prediction.probability:.3f})"))


def _of_texts(
    loaded: "Trained", files: tuple[Path, ...], texts: list[str]
) -> "list[tuple[str, Prediction]]":
    from dl.data.text.part_files import read_text

    names = [*map(str, files), *(textwrap.shorten(text, 60, placeholder="…") for text in texts)]
    return list(zip(names, loaded.predict([*map(read_text, files), *texts]), strict=True))


def _of_pictures(
    loaded: "Trained", files: tuple[Path, ...], *, photo: bool
) -> "list[tuple[str, Prediction]]":
    import numpy as np

    from dl.data.pictures.photo import read_photo
    from dl.data.pictures.picture import read_picture

    read = read_photo if photo else partial(read_picture, view=loaded.spec.view)
    height, width, channels = loaded.spec.input_shape
    pictures = np.stack([read(file, shape=(height, width, channels)) for file in files])
    return list(zip(map(str, files), loaded.predict(pictures), strict=True))
