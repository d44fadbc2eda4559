"""Feature maps by layer, inputs as they come and raw, and what is said of wrong ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models
from dl.errors import InputError
from dl.inspect.maps.layer_outputs import feature_maps, features
from dl.inspect.trained import in_blocks, outputs
from dl.train.network import Network
from dl.types import Model

MODEL = models.lenet(10, features=(2, 3), hidden_size=4)


@pytest.fixture(scope="module")
def loaded() -> Network:
    """A network of digits as `dl.load` gives it back, not trained."""
    params, model_state = jax.jit(MODEL.init)(jax.random.key(0), jnp.zeros((1, 28, 28, 1)))
    return Network(MODEL, params, model_state, dl.load_data("digits").spec)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return dl.load_data("digits").test.inputs[:5]


@pytest.mark.slow
def test_a_loaded_run_takes_raw_pictures_and_a_network_normalised_ones(
    loaded: Network, pictures: np.ndarray
) -> None:
    network = Network(loaded.model, loaded.params, loaded.model_state)
    raw, normalised = (
        feature_maps(loaded, pictures),
        feature_maps(network, dl.normalize(pictures, loaded.spec)),
    )
    assert list(raw) == [
        row.name for row in MODEL.layers(jax.ShapeDtypeStruct((1, 28, 28, 1), jnp.float32))
    ]
    for name, maps in raw.items():
        np.testing.assert_allclose(maps, normalised[name], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(raw["output"], loaded.outputs(pictures), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        outputs(loaded, pictures, batch_size=2), raw["output"], rtol=1e-4, atol=1e-5
    )


def test_the_layers_asked_for_come_in_the_order_asked(
    loaded: Network, pictures: np.ndarray
) -> None:
    found = feature_maps(loaded, pictures, layers=["hidden", "conv1"])
    assert {name: maps.shape for name, maps in found.items()} == {
        "hidden": (5, 4),
        "conv1": (5, 24, 24, 2),
    }
    assert list(found) == ["hidden", "conv1"]


@pytest.mark.parametrize("batch_size", [1, 2, 256])
def test_features_are_a_layer_s_maps_as_vectors_whatever_the_blocks(
    batch_size: int, loaded: Network, pictures: np.ndarray
) -> None:
    expected = np.asarray(feature_maps(loaded, pictures)["conv1.pool"]).reshape(5, -1)
    got = features(loaded, pictures, layer="conv1.pool", batch_size=batch_size)
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_blocks_have_one_size_and_no_more_than_there_are() -> None:
    sizes = []
    assert in_blocks(
        lambda index: sizes.append(len(index)) or jnp.asarray(index), 7, batch_size=3
    ).tolist() == [*range(7)]
    in_blocks(lambda index: sizes.append(len(index)) or jnp.asarray(index), 2, batch_size=100)
    assert sizes == [3, 3, 3, 2]


def test_wrong_input_is_refused_in_one_line(loaded: Network, pictures: np.ndarray) -> None:
    with pytest.raises(InputError, match="lenet has no layer 'conv3'; did you mean conv"):
        feature_maps(loaded, pictures, layers=["conv3"])
    with pytest.raises(InputError, match=r"inputs are \(8, 8, 1\), the model takes \(28, 28, 1\)"):
        feature_maps(loaded, np.zeros((1, 8, 8, 1), np.uint8))
    with pytest.raises(InputError, match="give pictures as uint8"):
        feature_maps(loaded, np.zeros((1, 28, 28, 1), np.float32))
    with pytest.raises(InputError, match="0 inputs in blocks of 256"):
        features(loaded, pictures[:0], layer="conv1")
    silent = Model("silent", MODEL.init, MODEL.apply, MODEL.layers)
    with pytest.raises(InputError, match="silent does not tell"):
        feature_maps(Network(silent, loaded.params), np.zeros((1, 28, 28, 1)))
