"""Ratings for a user who was not there in training: the rows of the user are fitted."""

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict, unflatten_dict
from jax.flatten_util import ravel_pytree

from dl.types import Array, Params, RatingModel

_STEPS = 8


def fold_in(
    model: RatingModel, params: Params, items: Array, ratings: Array, *, penalty: float
) -> Array:
    """The ratings [I] that a new user would give to all items, from some `ratings` of `items` [n].

    The user's own rows z minimise Σ_n (r_n − r̂_n(z))² + λ n ‖z‖², the objective of the training,
    while all other parameters stay as they are. They are found by Gauss-Newton steps from z = 0, of
    which one is enough where r̂ is linear in z, as in matrix factorisation. A user without ratings
    keeps z = 0. Source: H7; Koren, Bell & Volinsky 2009.

    >>> from dl.models import rating_biases
    >>> model = rating_biases(3, 4, mean=3.0)
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 2), int))
    >>> fold_in(model, params, jnp.array([0, 1]), jnp.array([5.0, 4.0]), penalty=0.5).tolist()
    [4.0, 4.0, 4.0, 4.0]
    """
    tables = flatten_dict(params, sep="/")
    empty = {name: jnp.zeros_like(tables[name][0]) for name in model.user_tables}
    start, unravel = ravel_pytree(empty)

    def rated(row: Array, wanted: Array) -> Array:
        """Ratings by user 0, whose rows are replaced."""
        own = {name: tables[name].at[0].set(part) for name, part in unravel(row).items()}
        changed = unflatten_dict({**tables, **own}, sep="/")
        return model.rate(changed, jnp.stack([jnp.zeros_like(wanted), wanted], axis=1))

    def residuals(row: Array) -> Array:
        kept = jnp.sqrt(penalty * len(items)) * row
        return jnp.concatenate([ratings - rated(row, items), kept])

    def better(row: Array, _: None) -> tuple[Array, None]:
        """The best of the whole Gauss-Newton step and shorter ones, or none."""
        step = jnp.linalg.lstsq(jax.jacfwd(residuals)(row), -residuals(row))[0]
        tried = row + jnp.array([0.0, 1.0, 0.5, 0.25, 0.125])[:, None] * step
        loss = jax.vmap(lambda z: jnp.sum(residuals(z) ** 2))(tried)
        return tried[jnp.argmin(loss)], None

    row = jax.lax.scan(better, start, length=_STEPS)[0] if len(items) else start
    every = jnp.arange(tables[_beside(model)].shape[0])
    return rated(row, every)


def _beside(model: RatingModel) -> str:
    """The table with a row for each item that stands beside the first table of users."""
    return model.user_tables[0].replace("user_", "item_")
