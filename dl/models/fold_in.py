"""Ratings for a user who was not there in training: the rows of the user are fitted."""

from typing import Any

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jax.flatten_util import ravel_pytree

from dl.types import Array, Params, RatingModel

_STEPS = 8
_SHORTER = (0.0, 1.0, 0.5, 0.25, 0.125)


def fold_in(
    model: RatingModel, params: Params, items: Array, ratings: Array, *, noise: float
) -> Array:
    """The ratings [I] that a new user would give to all items, from some `ratings` of `items` [n].

    The user is taken for one of those of the training: the rows z of their tables have a mean m and
    a covariance C. The new rows minimise Σ_n (r_n − r̂_n(z))² / σ² + (z − m)ᵀ C⁻¹ (z − m). Here σ is
    the `noise`, the root of the mean squared error in training, and all other parameters stay as
    they are. They are found by Gauss-Newton steps from m, of which one is enough where r̂ is linear
    in z, as in matrix factorisation; z is then the mean of the posterior distribution. Somebody
    without ratings is the mean user. Source: H7; Salakhutdinov & Mnih 2008 for the prior.

    >>> from dl.models import rating_biases
    >>> model = rating_biases(2, 3, mean=3.0)
    >>> bias = {"bias": jnp.array([[-1.0], [1.0]])}
    >>> params = {"user_bias": bias, "item_bias": {"bias": jnp.zeros((3, 1))}}
    >>> new = fold_in(model, params, jnp.array([0]), jnp.array([4.0]), noise=1.0)
    >>> [round(rating, 3) for rating in new.tolist()]
    [3.5, 3.5, 3.5]
    """
    tables: Any = flatten_dict(params, sep="/")
    own = {name: tables[name] for name in model.user_tables}
    rows = jnp.concatenate(list(own.values()), axis=1)
    mean, root = rows.mean(axis=0), _root_of_covariance(rows)
    _, unravel = ravel_pytree({name: table[0] for name, table in own.items()})

    def rated(whitened: Array, wanted: Array) -> Array:
        """Ratings by user 0, whose rows are replaced by m + C^½ w."""
        parts = unravel(mean + root @ whitened)
        changed = {name: tables[name].at[0].set(part) for name, part in parts.items()}
        pairs = jnp.stack([jnp.zeros_like(wanted), wanted], axis=1)
        return model.rate(unflatten_dict({**tables, **changed}, sep="/"), pairs)

    def residuals(whitened: Array) -> Array:
        return jnp.concatenate([(ratings - rated(whitened, items)) / noise, whitened])

    def better(whitened: Array, _: None) -> tuple[Array, None]:
        """The best of the whole Gauss-Newton step, shorter ones, and none."""
        slope = jax.jacfwd(residuals)(whitened)
        step = jnp.linalg.solve(slope.T @ slope, -slope.T @ residuals(whitened))
        tried = whitened[None] + jnp.array(_SHORTER)[:, None] * step[None]
        loss = jax.vmap(lambda w: jnp.sum(residuals(w) ** 2))(tried)
        return tried[jnp.argmin(loss)], None

    found = jnp.zeros_like(mean)
    if len(items):
        found = jax.lax.scan(better, found, length=_STEPS)[0]
    every = jnp.arange(tables[model.user_tables[0].replace("user_", "item_")].shape[0])
    return rated(found, every)


def _root_of_covariance(rows: Array) -> Array:
    """A with A Aᵀ = C of rows [U, D]; directions in which they do not vary are kept as they are."""
    centred = rows - rows.mean(axis=0, keepdims=True)
    values, vectors = jnp.linalg.eigh(centred.T @ centred / len(rows))
    return vectors * jnp.sqrt(jnp.maximum(values, 0.0))[None]
