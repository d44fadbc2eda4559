"""`predict RUN FILE...`: classify pictures."""

from functools import partial
from pathlib import Path
from typing import Literal

from dl.errors import InputError


def predict(run: Path, *files: Path, photo: bool = False, checkpoint: Literal["last", "best"] = "last") -> None:
    """Classify pictures with a run's model: a line a file, with the class and its probability.

    Pictures are resized to what the model takes, whole or their middle alone, as the run was evaluated. MNIST-like
    data are bright strokes on a dark ground, cut out and centred: use --photo for a photograph of a sign on paper.

    Parameters
    ----------
    run
        The run's folder.
    files
        Pictures, in any format that Pillow reads.
    photo
        Find the dark strokes on their light ground, and scale and centre them as MNIST's are.
    checkpoint
        The newest parameters, or those with the lowest validation loss.
    """
    if not files:
        raise InputError("predict needs at least one picture: predict RUN FILE...")
    import numpy as np

    from dl.data.photo import read_photo
    from dl.data.picture import read_picture
    from dl.runs.load import load

    loaded = load(run, checkpoint=checkpoint)
    if len(loaded.spec.input_shape) != 3:
        raise InputError(f"the model of {run} takes inputs of shape {loaded.spec.input_shape}, not pictures")
    read = read_photo if photo else partial(read_picture, view=loaded.spec.view)
    pictures = np.stack([read(file, shape=loaded.spec.input_shape) for file in files])
    for file, prediction in zip(files, loaded.predict(pictures), strict=True):
        print(f"{file}: {prediction.label} ({prediction.probability:.3f})")
