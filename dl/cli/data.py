"""`data list` and `data prepare NAME`: list data sets, and download them."""

import sys
import textwrap
from pathlib import Path

import cyclopts

from dl.cli.docstring import first_line, terminal_width, with_whole_lines
from dl.cli.outcome import say

data_app = cyclopts.App(
    help="See which data sets there are, and prepare those that have to be downloaded."
)

_OFTEN_USED = {
    "mnist": "handwritten digits, 60,000 + 10,000, 28×28×1",
    "fashion_mnist": "pieces of clothing, 60,000 + 10,000, 28×28×1",
    "cifar10": "photographs of 10 kinds of things, 50,000 + 10,000, 32×32×3",
}


@data_app.command(name="list")
@with_whole_lines
def list_data(*, data_dir: Path | None = None) -> None:
    """List the built-in data sets, and whether the often used TFDS ones are prepared.

    Parameters
    ----------
    data_dir
        Where TFDS keeps prepared data; default $TFDS_DATA_DIR, then TFDS's own folder.
    """
    from dl.data.load import BUILT_IN
    from dl.data.tfds.prepare import data_folder

    for name, load in BUILT_IN.items():
        _print_row(name, "built in", first_line(load.__doc__ or ""))
    root = data_folder(data_dir)
    for name, what in _OFTEN_USED.items():
        state = "prepared" if any(root.glob(f"{name}/*/dataset_info.json")) else "not prepared"
        _print_row(name, state, what)
    _print_row("folder:PATH", "your pictures", "one sub-folder of pictures a class")
    say(
        f"prepared data are looked for in {root}; any other TFDS name of labelled pictures works "
        "too"
    )


@data_app.command
@with_whole_lines
def prepare(name: str, *, data_dir: Path | None = None) -> None:
    """Download and prepare a TFDS data set; prints the folder it lies in.

    Parameters
    ----------
    name
        A TFDS name, such as mnist.
    data_dir
        Where to keep it; default $TFDS_DATA_DIR, then TFDS's own folder.
    """
    from dl.data.load import BUILT_IN

    if name in BUILT_IN:
        say(f"{name} is built in; there is nothing to prepare")
        return
    from dl.data.tfds.prepare import prepare as prepare_tfds

    print(prepare_tfds(name, data_dir=data_dir))
    if data_dir is not None:
        say(f"runs will find it there with TFDS_DATA_DIR={data_dir}")


def _print_row(name: str, state: str, what: str) -> None:
    width = terminal_width() - 1 if sys.stdout.isatty() else 10_000
    row = textwrap.fill(what, width, initial_indent=" " * 29, subsequent_indent=" " * 29)
    print(f"{name:<14} {state:<13} {row.lstrip()}")
