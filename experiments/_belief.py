"""What the experiments on Boltzmann machines share: layers as an option, greedy pre-training."""

from dataclasses import dataclass, replace

from dl import (
    Count,
    DataSpec,
    InputError,
    OptimizerName,
    Recipe,
    ScheduleName,
    TrainOptions,
    in_turn,
    models,
    objectives,
)


@dataclass(frozen=True)
class MachineOptions(TrainOptions):
    """Options of contrastive divergence; `epochs` are those of all layers together."""

    dataset: str = "mnist"
    batch_size: int = 100
    learning_rate: float = 0.05
    optimizer: OptimizerName = "momentum"
    schedule: ScheduleName = "one-cycle"
    weight_decay: float = 2e-4
    validation: float = 0.0
    gibbs_steps: Count = 1
    """Steps of the Markov chain between two updates: the k of CD-k."""
    persistent: bool = False
    """Let chains go on from step to step, in the place of new ones from the data (PCD)."""


def sizes_of(layers: str) -> tuple[int, ...]:
    """The sizes in a text such as 500-500-2000.

    Raises:
        InputError: for anything but whole numbers from 1 on with a - between.
    """
    sizes = layers.split("-")
    if not all(size.isdecimal() and int(size) for size in sizes):
        raise InputError(f"layers is {layers!r}; give units from the first layer on: 500-500-2000")
    return tuple(int(size) for size in sizes)


def greedy_recipe(
    options: MachineOptions, data_spec: DataSpec, sizes: tuple[int, ...], *, linear: bool = False
) -> Recipe:
    """Machines of these sizes, one after the other, each with the optimizer of the options.

    A `linear` code learns with a fiftieth of the rate: its units have no bounds.

    Raises:
        InputError: for data that are no pictures, whose pixels are read as probabilities, and for
            an early stop of several machines.
    """
    if data_spec.input_dtype != "uint8":
        raise InputError(
            f"units that are 0 or 1 learn pictures, and {data_spec.name} has other numbers: name a "
            "data set of pictures"
        )
    if len(sizes) > 1 and (options.patience or options.stop_below):
        raise InputError(
            "the loss is that of the machine that learns, so it tells nothing about a stack of "
            f"{len(sizes)}: leave patience and stop_below out"
        )
    model = models.belief_net(
        data_spec.input_shape,
        sizes,
        linear_code=linear,
        persistent=options.persistent,
        mean=data_spec.mean,
        std=data_spec.std,
    )
    steps = max(1, options.total_steps(data_spec) // len(sizes))
    turns = {name: options.optimizer_for(steps, data_spec) for name in model.machines}
    if linear:
        slower = replace(options, learning_rate=0.02 * options.learning_rate)
        turns[model.machines[-1]] = slower.optimizer_for(steps, data_spec)
    objective = objectives.contrastive_divergence(
        model, steps=options.gibbs_steps, steps_per_layer=steps * options.accumulate
    )
    return Recipe(model, objective, in_turn(turns, steps=steps))
