"""`export RUN`: write a run's net as files that other programs read."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.outcome import print_text, say
from dl.errors import InputError


def export(
    run: Path,
    /,
    *,
    to: Path | None = None,
    onnx: bool = False,
    checkpoint: Literal["last", "best"] | None = None,
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Write a run's net into a folder that needs no dl; prints the folder's path.

    The folder holds the program (StableHLO, any batch size, preprocessing inside), the parameters
    as safetensors, a model card, and load.py, which runs it with JAX, NumPy and flatbuffers.

    Parameters
    ----------
    run
        The run's folder.
    to
        The new folder; by default export-NAME here, after the run.
    onnx
        Write forward.onnx too. It takes the package jax2onnx, in an environment of its own:
        docs/export.md says how to make it.
    checkpoint
        The newest parameters, or those with the lowest validation loss; by default the latter
        if the run has patience.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    from dl.exports.folder import check_new, export, import_packages
    from dl.exports.onnx import import_jax2onnx
    from dl.runs.folder import at_home
    from dl.runs.load import load

    folder = to or Path(f"export-{run.expanduser().resolve().name}")
    if at_home(folder).resolve().is_relative_to(at_home(run).resolve()):
        raise InputError(f"{folder} lies in the run's folder: name another folder with --to")
    check_new(folder)
    import_packages()
    if onnx:
        import_jax2onnx()
    loaded = load(run, checkpoint=checkpoint, package=catalog.package)
    made = export(loaded, folder, run=run, package=catalog.package, onnx=onnx)
    say(f"load it with {made / 'load.py'}; {made / 'README.md'} says what it is")
    print_text(str(made))
