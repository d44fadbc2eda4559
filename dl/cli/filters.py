"""`show RUN --filters FILE`: a picture of the filters of the first layer (E12)."""

from pathlib import Path

from dl.cli.outcome import say
from dl.errors import InputError


def write_filters(run: str, file: Path, *, package: str) -> None:
    """Write the filters of the run's first convolution to `file`, in the format of its suffix.

    Of a model without convolutions they are the weights of the dense layer that sees the picture.

    Raises:
        InputError: when `run` is not a run, its model has no such layer, or `file` cannot be
            written.
    """
    _check_file(file)
    if not (Path(run) / "config.json").exists():
        raise InputError(
            f"{run} is no run, and only a run has filters that were learned: give the folder of one"
        )
    from PIL import Image

    from dl.inspect.maps.filters import dense_filters, filter_grid, filters
    from dl.runs.load import load

    loaded = load(run, package=package)
    pictures = len(loaded.spec.input_shape) == 3
    kernels = filters(loaded) or (dense_filters(loaded) if pictures else {})
    if not kernels:
        raise InputError(
            f"the model of {run} has no convolution and no dense layer of pictures, so there are no"
            f" filters to show"
        )
    name, kernel = next(iter(kernels.items()))
    Image.fromarray(filter_grid(kernel)).save(file)
    height, width, channels, count = kernel.shape
    say(f"{file}: {name}, {count} filters of {height}×{width}×{channels}")


def _check_file(file: Path) -> None:
    from PIL import Image

    if file.is_dir():
        raise InputError(f"{file} cannot be written: it is a folder")
    if not file.parent.is_dir():
        raise InputError(f"{file} cannot be written: there is no folder {file.parent}")
    Image.init()
    if Image.registered_extensions().get(file.suffix.lower()) not in Image.SAVE:
        raise InputError(
            f"{file.name} does not end like a picture that Pillow writes: call it {file.stem}.png"
        )
