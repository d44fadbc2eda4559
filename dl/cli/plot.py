"""`plot RUN WHAT`: a picture of a run, as a file."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text
from dl.errors import InputError
from dl.runs.shipped import shipped_runs
from dl.screen import escaped


def plot(
    *words: str,
    names: Annotated[bool, Parameter(name="--list", negative=())] = False,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    dark: Annotated[bool, Parameter(negative=())] = False,
    part: Literal["train", "validation", "test"] | None = None,
    example: int | None = None,
    layer: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    text: str = "",
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Draw a picture of a run: plot RUN WHAT; the last line of output is the path of its file.

    Some pictures show several runs: plot RUN RUN... WHAT. Runs that differ in their seeds alone
    become one curve with a band. `plot RUN --list` says which pictures a run can give, and
    `plot --list` which there are. The picture is written to WHAT.png in the current folder, or to
    the file that --output names, in the format of its ending: .png, .svg or .pdf. A file of that
    name is replaced.

    Parameters
    ----------
    words
        The folder of a run, or of several, and last the name of a picture.
    names
        List the pictures that fit these runs, with a line on what each shows.
    output
        Write the picture into this file: .png, .svg or .pdf.
    dark
        Draw it for a dark page.
    part
        Which part of the data set; the test part if none is named.
    example
        Show this example of the part, counted from 0, and not the first ones.
    layer
        Show this layer; may be given several times.
    text
        What a recurrent net reads, for its gates; what is translated, for its alignment; of a game
        the moves before a position, such as 4453.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    if names:
        _print_list(words, catalog.package)
        return
    *runs, what = _runs_and_picture(words, catalog.package)
    path = output or Path(f"{what}.png")
    check_picture_file(path)
    from dl.plots import of_run, save, theme

    with theme("dark" if dark else "light"):
        figure = of_run(
            runs,
            what,
            part=part,
            example=example,
            layers=layer,
            text=text,
            checkpoint=checkpoint,
            package=catalog.package,
        )
    print_text(escaped(str(save(figure, path))))


def _print_list(runs: tuple[str, ...], package: str) -> None:
    from dl.plots import RUN_PICTURES, pictures_of

    rows = pictures_of(runs, package=package) if runs else RUN_PICTURES
    for name, row in rows.items():
        print_text(f"{name:<16} {row.shows}")


def _runs_and_picture(words: tuple[str, ...], package: str) -> tuple[str, ...]:
    """The words, of which the last one is the name of a picture.

    Raises:
        InputError: when runs or the picture are missing.
    """
    from dl.plots import RUN_PICTURES

    if len(words) > 1 and words[-1] in RUN_PICTURES:
        return words
    if words and words[-1] in RUN_PICTURES:
        raise InputError(f"give the folder of a run before the picture: plot RUN {words[-1]}")
    if not words or _is_run(words[-1], package):
        run = words[0] if words else "RUN"
        raise InputError(f"name the picture last: plot {run} curves (--list says which fit)")
    if len(words) == 1:
        raise InputError(f"give a run and a picture: plot RUN WHAT; {words[0]} alone is neither")
    return words  # of_run names the nearest picture


def _is_run(word: str, package: str) -> bool:
    """Whether a word is the folder of a run, or the name of one that comes along."""
    return word in shipped_runs(package) or (Path(word).expanduser() / "config.json").exists()


def check_picture_file(path: Path) -> None:
    """Refuse a file that could not become a picture; called before the picture is computed."""
    from dl.plots.style import check_format, import_matplotlib
    from dl.runs.files import check_output

    import_matplotlib()
    check_format(path)
    check_output(path)
