"""A deep belief net on MNIST: three restricted Boltzmann machines, each on top of the one before.

Lecture: F4. Paper: Hinton, Osindero & Teh 2006. The run pre-trains without labels;
    `dbn_classifier_mnist` and `autoencoder_deep_mnist` begin with it (`--init-from`).
Expected: a linear classifier on the 2,000 uppermost units 98.22 % ± 0.07 over five seeds.
Time: 182 to 377 s on 2 CPU cores, shared with other work.
Command: python -m experiments run dbn_mnist
"""

from dataclasses import dataclass

from dl import Dataset, DataSpec, Recipe, Trained
from dl.inspect import assess
from experiments._belief import MachineOptions, greedy_recipe, sizes_of


@dataclass(frozen=True)
class Options(MachineOptions):
    """Options of dbn_mnist; each layer is trained for its share of the epochs."""

    epochs: int = 15
    checkpoint_every: int = 5
    layers: str = "500-500-2000"
    """Units of the layers, from the inputs up."""
    linear_code: bool = False
    """Let the last layer have linear units with noise, in the place of binary ones."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """A stack of machines, trained one after the other."""
    sizes = sizes_of(options.layers)
    return greedy_recipe(options, data_spec, sizes, linear=options.linear_code)


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, and linear classifiers on the code and on the pixels."""
    return assess(trained.autoencoder, trained.params, data)
