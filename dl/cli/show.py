"""`show NAME`: the layers of an experiment's model."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from dl.cli.catalog import Catalog

if TYPE_CHECKING:
    from dl.data.dataset import DataSpec
    from dl.runs.experiment import Experiment
    from dl.train.options import TrainOptions


def show(
    name: str,
    *,
    format: Literal["text", "json"] = "text",
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Show the layers of an experiment's model: output shapes and parameter counts. Nothing is computed or read.

    Parameters
    ----------
    name
        An experiment, or the folder of a run.
    format
        A table for people, or JSON.
    """
    experiment, options, spec = _open(name, catalog)
    from dl.inspect.summary import as_json, as_text, summarize

    summary = summarize(experiment.build(options, spec).model, spec.input_shape, name=experiment.name)
    print(as_json(summary) if format == "json" else as_text(summary))


def _open(name: str, catalog: Catalog) -> "tuple[Experiment, TrainOptions, DataSpec]":
    if (Path(name) / "config.json").exists():
        from dl.runs.folder import open_folder

        _, config = open_folder(name)
        return config.experiment, config.options, config.data
    from dl.data.load import describe_data

    experiment = catalog.load(name)
    options = experiment.options()
    spec = describe_data(options.dataset, image_size=options.picture_size)
    # Data that are not prepared have no known size; layers do not depend on it, schedules want one epoch.
    return experiment, options, replace(spec, train_size=max(spec.train_size, options.batch_size))
