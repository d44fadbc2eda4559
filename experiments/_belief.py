"""What the experiments on Boltzmann machines share: layers as an option, greedy pre-training."""

from dataclasses import dataclass

from dl import (
    Count,
    DataSpec,
    InputError,
    NotNegative,
    Recipe,
    Share,
    TrainOptions,
    in_turn,
    models,
    objectives,
    optimizers,
)


@dataclass(frozen=True)
class MachineOptions(TrainOptions):
    """Options of contrastive divergence; `epochs` are those of all layers together."""

    dataset: str = "mnist"
    batch_size: int = 100
    learning_rate: float = 0.05
    validation: float = 0.0
    momentum: Share = 0.9
    """Fraction of the velocity that is kept from step to step."""
    weight_decay: NotNegative = 2e-4
    """λ of the penalty ½λ‖W‖²."""
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
    """Machines of these sizes, one after the other: momentum with a one-cycle rate for each.

    A `linear` code learns with a fiftieth of the rate: its units have no bounds.
    """
    model = models.belief_net(
        data_spec.input_shape,
        sizes,
        linear_code=linear,
        persistent=options.persistent,
        mean=data_spec.mean,
        std=data_spec.std,
    )
    steps = max(1, options.total_steps(data_spec) // len(sizes))
    rates = dict.fromkeys(model.machines, options.learning_rate)
    rates[model.machines[-1]] *= 0.02 if linear else 1.0
    turns = {
        name: optimizers.momentum(
            rate,
            momentum=options.momentum,
            schedule=optimizers.one_cycle(steps=steps),
            weight_decay=options.weight_decay,
        )
        for name, rate in rates.items()
    }
    objective = objectives.contrastive_divergence(
        model, steps=options.gibbs_steps, steps_per_layer=steps
    )
    return Recipe(model, objective, in_turn(turns, steps=steps))
