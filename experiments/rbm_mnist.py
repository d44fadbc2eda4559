"""A restricted Boltzmann machine on MNIST: 500 binary hidden units, contrastive divergence.

Lecture: F4. Paper: Hinton 2002; with --persistent --learning-rate 0.005 Tieleman 2008.
Expected: a linear classifier on the hidden units 96.2 %, log pseudo-likelihood −48 nats; with
    --persistent --learning-rate 0.005 97.2 % and −74 nats, and chains that draw digits.
Time: 83 s on 2 CPU cores, shared with other work.
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
