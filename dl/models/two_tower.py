"""The two-tower model: a vector for a user, one for each item, and their product. Source: H7."""

import jax.numpy as jnp
from flax import linen as nn

from dl.models.checks import check_outputs, check_sizes
from dl.models.functional import from_linen
from dl.types import Array, Params, TwoTower

_DEVIATION = 0.05
SEEN = -1e9
"""The logit of an item that the user took already."""


class Towers(nn.Module):
    """Both towers; the user's reads the items that the user took, and knows no user by number."""

    items: int
    factors: int

    def setup(self) -> None:
        init = nn.initializers.normal(_DEVIATION)
        self.user = nn.Dense(self.factors, kernel_init=init)
        self.item = nn.Dense(self.items, kernel_init=init)

    def __call__(self, histories: Array) -> Array:
        """Logits [B, I] of all items, `SEEN` for those of the histories [B, I]."""
        return jnp.where(histories > 0, SEEN, self.item(self.of_users(histories)))

    def of_users(self, histories: Array) -> Array:
        """Histories [B, I] -> vectors [B, F]."""
        count = jnp.maximum(histories.sum(axis=-1, keepdims=True), 1.0)
        return self.user(histories / jnp.sqrt(count))


def two_tower(items: int, *, factors: int = 64) -> TwoTower:
    """A user's vector from the items that the user took, and the product with each item's vector.

    s_ui = v_i · (c + |N(u)|^−½ Σ_{j ∈ N(u)} e_j) + b_i, with two tables of vectors, e and v, of
    `factors` numbers. Histories [B, I] of 0 and 1 -> logits [B, I]; those of N(u) are -1e9, because
    nothing is recommended again. Nobody has an own vector, so that new users are served as others.
    Source: H7; Covington et al. 2016; the sum of items: Koren 2008, equation 13.

    Raises:
        InputError: for no items or factors.

    >>> model = two_tower(20, factors=4)
    >>> params, _ = model.init(jax.random.key(0), jnp.zeros((1, 20)))
    >>> logits = model.apply(params, {}, jnp.zeros((3, 20)).at[0, 5].set(1.0))[0]
    >>> logits.shape, bool(logits[0].argmin() == 5)
    ((3, 20), True)
    """
    check_outputs(items)
    check_sizes((factors,), name="factors")
    towers = Towers(items, factors)
    model = from_linen(towers, name="two_tower")

    def user_vectors(params: Params, histories: Array) -> Array:
        return towers.apply({"params": params}, histories, method="of_users")  # type: ignore[return-value]

    def item_vectors(params: Params, chosen: Array) -> tuple[Array, Array]:
        return params["item"]["kernel"].T[chosen], params["item"]["bias"][chosen]

    return TwoTower(
        model.name,
        model.init,
        model.apply,
        model.trace,
        model.activations,
        items=items,
        user_vectors=user_vectors,
        item_vectors=item_vectors,
    )
