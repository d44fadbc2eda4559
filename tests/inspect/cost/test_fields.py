"""Which pixels one unit sees, beside what changes when a pixel changes (E7)."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError
from dl.inspect.cost.fields import fields_of_unit


def test_e7_the_unit_depends_on_the_pixels_of_its_field_alone() -> None:
    model = dl.models.lenet(3, features=(2, 2), hidden_size=4)
    zeros = jnp.zeros((1, 20, 20, 1))
    params = jax.tree.map(
        lambda leaf: jnp.ones(leaf.shape), jax.eval_shape(model.init, jax.random.key(0), zeros)[0]
    )
    # With weights of 1, a unit answers with more where one pixel of its field has more.
    lit = np.eye(400, dtype=np.float32).reshape(400, 20, 20, 1)
    assert model.activations is not None
    maps = model.activations(params, {}, jnp.concatenate([zeros, lit]))
    seen = fields_of_unit(dl.summarize(model, (20, 20, 1)), (1, 0))
    for field, (row, column) in zip(seen, [(10, 6), (5, 3), (3, 1), (1, 0)], strict=True):
        unit = np.asarray(maps[field.layer])[:, row, column, 0]
        rows, columns = np.nonzero((unit[1:] > unit[0]).reshape(20, 20))
        assert (rows.min(), columns.min()) == (field.top, field.left)
        assert rows.max() == field.top + field.height - 1
        assert columns.max() == field.left + field.width - 1


def test_e11_fields_of_alexnet_are_nested_and_as_large_as_in_the_lecture() -> None:
    fields = fields_of_unit(dl.summarize(dl.models.alexnet(), (227, 227, 3)))
    assert [field.height for field in fields] == [11, 19, 51, 67, 99, 131, 163, 195]
    for inner, outer in pairwise(fields):
        assert outer.top <= inner.top
        assert inner.top + inner.height <= outer.top + outer.height
        assert outer.left <= inner.left
        assert inner.left + inner.width <= outer.left + outer.width


def test_models_without_maps_and_units_that_are_not_there_are_refused() -> None:
    with pytest.raises(InputError, match="mlp has no maps"):
        fields_of_unit(dl.summarize(dl.models.mlp(3), (8, 8, 1)))
    summary = dl.summarize(dl.models.lenet(), (28, 28, 1))
    for unit in ((4, 0), (-1, 0), (1, 2, 3)):
        with pytest.raises(InputError, match=r"conv2\.pool has 4 × 4 units: there is no unit"):
            fields_of_unit(summary, unit)
