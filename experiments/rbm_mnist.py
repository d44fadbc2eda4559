"""A restricted Boltzmann machine on MNIST: 500 binary hidden units, contrastive divergence.

Lecture: F4. Paper: Hinton 2002; with --persistent Tieleman 2008.
Expected: to be measured.
Time: to be measured.
Command: python -m experiments run rbm_mnist
"""

from dataclasses import dataclass

from dl import Count, Dataset, DataSpec, Recipe, Trained
from dl.inspect import assess
from experiments._belief import MachineOptions, greedy_recipe


@dataclass(frozen=True)
class Options(MachineOptions):
    """Options of rbm_mnist."""

    epochs: int = 20
    validation: float = 0.1
    hidden_size: Count = 500
    """Hidden units."""


def build(options: Options, data_spec: DataSpec) -> Recipe:
    """One machine; momentum with a one-cycle rate."""
    return greedy_recipe(options, data_spec, (options.hidden_size,))


def conclude(options: Options, trained: Trained, data: Dataset) -> dict[str, dict[str, float]]:
    """Error of the reconstruction, linear classifiers on hidden units and pixels, over-fitting.

    The gap says by how much F is higher, the probability lower, for examples that were held out.
    """
    figures = assess(trained.autoencoder, trained.params, data)
    if data.validation is None:
        return figures
    seen, held_out = (
        trained.evaluate(part, data=data)["free_energy"] for part in ("train", "validation")
    )
    return {**figures, "over_fitting": {"free_energy_gap": held_out - seen}}
