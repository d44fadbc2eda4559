"""Mixtures of Gaussians: how features sound in each state."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Mixtures:
    """M Gaussians with diagonal covariance for each of S states.

    `weights` [S, M] sum to 1, `means` and `variances` are [S, M, D].
    """

    weights: np.ndarray
    means: np.ndarray
    variances: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    def log_likelihoods(self, features: np.ndarray) -> np.ndarray:
        """ln Σ_m w_sm N(x; μ_sm, σ²_sm) of features [F, D]: [F, S].

        >>> one = Mixtures(np.ones((1, 1)), np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
        >>> one.log_likelihoods(np.zeros((1, 1))).round(4).tolist()  # −½ ln 2π
        [[-0.9189]]
        """
        squares, products, constants = self._terms
        logs = features**2 @ squares + features @ products + constants
        logs = logs.reshape(len(features), *self.weights.shape)
        highest = logs.max(axis=2)
        return highest + np.log(np.exp(logs - highest[:, :, None]).sum(axis=2))

    @cached_property
    def _terms(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Each Gaussian's logarithm as a polynomial: [D, S M], [D, S M] and [S M]."""
        size = self.means.shape[2]
        means, variances = (each.reshape(-1, size) for each in (self.means, self.variances))
        spread = np.log(2 * np.pi * variances) + means**2 / variances
        weights = np.log(np.maximum(self.weights.reshape(-1), 1e-300))
        return -0.5 / variances.T, (means / variances).T, weights - 0.5 * spread.sum(axis=1)
