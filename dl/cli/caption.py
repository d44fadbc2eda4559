"""`caption RUN FILE...`: describe pictures."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.cli.right_kind import require_captioner
from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.screen import escaped


def caption(
    run: Path,
    /,
    *files: Path,
    beam: int = 4,
    count: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    max_megapixels: int = 89,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Describe pictures with a run's captioner; prints a line for each caption, with its score.

    The score is the caption's log-probability in nats, divided by a penalty for short captions.
    Pictures are resized to the size of the model's inputs; transparent parts become white.

    Parameters
    ----------
    run
        The run's folder.
    files
        Pictures, in any format that Pillow reads.
    beam
        Beginnings that are kept at every word; 1 always takes the likeliest word.
    count
        Captions of each picture, the best first; at most as many as the beam.
    temperature
        Draw the words by their probabilities instead; values below 1 make likely ones more likely.
    seed
        Another seed draws other words.
    max_megapixels
        Refuse pictures with more pixels, in millions.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    if not files:
        raise InputError("caption needs at least one picture: caption RUN FILE...")
    check_number("temperature", temperature, Range(at_least=0))
    beam = 1 if temperature else beam
    check_number("beam", beam, Range(at_least=1, at_most=100), whole=True)
    check_number("count", count, Range(at_least=1, at_most=beam), whole=True)
    require_captioner(run)

    import numpy as np

    from dl.data.pictures.picture import read_picture
    from dl.runs.caption import caption as write
    from dl.runs.load import load

    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    height, width, channels = loaded.spec.input_shape
    read = partial(read_picture, shape=(height, width, channels), max_megapixels=max_megapixels)
    pictures = np.stack([read(file) for file in files])
    written = write(loaded, pictures, beam=beam, temperature=temperature, seed=seed)
    for file, best in zip(files, written, strict=True):
        for one in best[:count]:
            print_text(escaped(f"{file}: {one.text} ({one.score:.3f})"))
