"""Three tanh units lift a disc out of the ring around it; two of them cannot.

Lecture: D11, C1.
Expected: test accuracy 98.6 % ± 0.4 over five seeds. A linear classifier reaches 47 % on the inputs
    and 99 % on the hidden layer; with --hidden-size 2 it reaches 79 %, because what two tanh units
    and a line enclose is never a closed area.
Time: 3 s on 2 CPU cores, shared with other work.
Command: python -m experiments run mlp_circles
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained
from experiments._untangling import UntanglingOptions, separability_by_layer, untangling_recipe


@dataclass(frozen=True)
class Options(UntanglingOptions):
    """Options of mlp_circles."""

    dataset: str = "circles"
    epochs: int = 100
    learning_rate: float = 0.05
    checkpoint_every: int = 50
    hidden_size: int = 3


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One layer of three tanh units, unless the options say otherwise; a logistic output."""
    return untangling_recipe(options, data_spec)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """How well a linear classifier separates the classes on the inputs and on each layer."""
    return separability_by_layer(trained, data)
