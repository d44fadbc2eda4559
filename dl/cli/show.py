"""`show NAME`: the layers of a model, and what each of several devices holds of a training."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from cyclopts import Parameter

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.filters import write_filters
from dl.cli.outcome import print_json, print_text
from dl.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from dl.data.dataset import DataSpec
    from dl.inspect.cost.devices import Shares
    from dl.inspect.cost.summary import Inputs
    from dl.runs.experiment import Experiment
    from dl.train.options import TrainOptions
    from dl.train.recipe import Recipe
    from dl.types import LayerRow, Model


class _Subject(NamedTuple):
    """What is shown; `training` is what an experiment trains, and how."""

    model: "Model"
    inputs: "Inputs"
    title: str
    training: "tuple[Recipe, DataSpec, TrainOptions] | None" = None


def show(
    name: str,
    *,
    format: Literal["text", "markdown", "json"] = "text",
    connections: bool = False,
    devices: int = 0,
    filters: Path | None = None,
    dataset: str = "",
    image_size: int = 0,
    colour: Literal["auto", "grey", "rgb"] = "auto",
    source: str = "",
    target: str = "",
    experiment: Path | None = None,
    catalog: Annotated[Catalog, Parameter(parse=False)],
) -> None:
    """Show the layers of a model: output shapes, parameters, multiply-adds, receptive fields.

    The model is traced and not computed. "macs" are multiply-adds for one example. In pixels of the
    input, "field" is what one unit sees, "stride" the distance to the next unit's field, "offset"
    where the first field begins; a negative offset lies in the padding.

    Parameters
    ----------
    name
        An experiment, a file of your own with one, the folder of a run, or a net of a paper at its
        published size: alexnet, vgg16, resnet152, ...
    format
        A table for people, one in Markdown, or JSON.
    connections
        Show instead the parameters of each convolution, and how many it would have if it were
        locally or fully connected.
    devices
        Also show how `--parallel fsdp` splits the training over so many devices, and the bytes on
        each. They need not be here.
    filters
        Also write the filters of a run's first convolution, or else the weights of the dense layer
        that sees the picture, to this picture file.
    dataset
        Show an experiment's net for this data set instead of the experiment's own.
    image_size
        Side that this data set's pictures are resized to.
    colour
        Channels of the pictures of folder:PATH; auto is grey if all files are grey.
    source
        Language that a translator reads, for a data set of pairs.
    target
        Language that it writes.
    experiment
        The file of the run's experiment, if it was started with `run FILE.py`.
    """
    name_experiment(experiment)
    if filters is not None:
        write_filters(name, filters, package=catalog.package)
    asked = {"dataset": dataset, "image_size": image_size, "colour": colour}
    asked |= {"source": source, "target": target}
    changes = {option: value for option, value in asked.items() if value not in ("", 0, "auto")}
    subject = _open(name, catalog, changes)
    model, input_shape, title, _ = subject
    if connections:
        print_text(_connections(model, input_shape, format, title=title))
        return
    from dl.inspect.cost.summary import summarize

    summary = summarize(model, input_shape, name=title)
    shares = _shares(subject, summary.layers, devices) if devices else None
    if format == "json":
        shared = {"sharded": shares.to_dict()} if shares else {}
        print_json({**summary.to_dict(), **shared}, indent=2)
        return
    is_text = format == "text"
    print_text(str(summary) if is_text else summary.table().markdown())
    if shares:
        print_text("\n" + (str(shares) if is_text else shares.markdown()))


def _shares(subject: _Subject, layers: "tuple[LayerRow, ...]", devices: int) -> "Shares":
    """How a training is split over the devices; of a published net only its parameters."""
    from dl.inspect.cost.devices import device_shares
    from dl.ranges import Range, check_number

    check_number("devices", devices, Range(at_least=1), whole=True)
    if subject.training is None:
        import jax

        picture = jax.ShapeDtypeStruct((1, *subject.inputs), "float32")  # type: ignore[misc]
        params = jax.eval_shape(subject.model.init, jax.random.key(0), picture)[0]
        return device_shares(params, {}, devices)
    from dl.train.layout import check_divides
    from dl.train.training import training_shapes

    recipe, spec, options = subject.training
    if options.members > 1:
        raise InputError(f"{subject.title} is a population, split by members: leave --devices out")
    check_divides(options.batch_size, devices)
    state = training_shapes(recipe, spec, options).state
    others = {"optimizer state": state.opt_state, "model state": state.model_state}
    if options.ema or options.average_from:
        others["running mean"] = (state.average, state.average_state)
    return device_shares(
        state.params, others, devices, layers=layers, batch_size=options.batch_size
    )


def _connections(model: "Model", input_shape: "Inputs", format: str, *, title: str) -> str:
    from dl.inspect.cost.connections import connections, connections_table

    counts = connections(model, input_shape)
    if not counts:
        raise InputError(
            f"{title} has no convolutions whose connections could be counted: "
            "leave --connections out"
        )
    if format == "json":
        return json.dumps({layer: count._asdict() for layer, count in counts.items()}, indent=2)
    table = connections_table(counts)
    return table.text() if format == "text" else table.markdown()


def _open(name: str, catalog: Catalog, changes: dict[str, Any]) -> _Subject:
    """The model of that name, the shape of its inputs, and its title."""
    experiments = [*catalog.names(), *([name] if name.endswith(".py") else [])]
    if changes and name not in experiments:
        flag = "--" + next(iter(changes)).replace("_", "-")
        raise InputError(f"{flag} is for experiments, and {name} is not one: leave it out")
    if (Path(name) / "config.json").exists():
        return _of_run(name, catalog)
    if name in experiments:
        from dl.data.load import describe_data

        experiment = catalog.load(name)
        if experiment.count is not None:
            raise InputError(f"{name} counts and trains no net of its own: it has no layers")
        if unknown := changes.keys() - experiment.options.__dataclass_fields__:
            words = " and ".join(f"--{each}" for each in sorted(unknown))
            raise InputError(f"{name} translates nothing: leave {words} out")
        options = experiment.options(**changes)
        spec = describe_data(
            options.dataset,
            image_size=options.picture_size,
            colour=options.colour,
            reading=options.reading,
            listening=options.listening,
            feedback=options.feedback,
        )
        # The number of examples is unknown for data that are not prepared. Layers do not depend
        # on it, but schedules need at least one step.
        return _of_experiment(
            experiment, options, replace(spec, train_size=max(spec.train_size, options.batch_size))
        )
    from dl.inspect.cost.published import PUBLISHED

    if name not in PUBLISHED and ("/" in name or Path(name).is_dir()):
        return _of_run(name, catalog)  # raises an error about folders
    if name not in PUBLISHED:
        raise InputError(
            f"unknown experiment or net {name!r}; {did_you_mean(name, {*experiments, *PUBLISHED})}"
        )
    return _Subject(PUBLISHED[name].build(), PUBLISHED[name].input_shape, name)


def _of_run(folder: str, catalog: Catalog) -> _Subject:
    from dl.runs.folder import open_folder

    _, config = open_folder(folder, package=catalog.package)
    return _of_experiment(config.experiment, config.options, config.data)


def _of_experiment(experiment: "Experiment", options: "TrainOptions", spec: "DataSpec") -> _Subject:
    from dl.data.example import traced_inputs

    recipe = experiment.recipe(options, spec)
    training = (recipe, spec, options)
    return _Subject(recipe.model, traced_inputs(spec), experiment.name, training)
