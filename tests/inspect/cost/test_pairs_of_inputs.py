"""Encoder-decoders: their layers, what they cost for whole sequences, and how they are drawn."""

import math

import jax
import jax.numpy as jnp
import pytest

from dl import models
from dl.errors import InputError
from dl.inspect.cost.drawing import draw_model
from dl.inspect.cost.flow import flow
from dl.inspect.cost.summary import Summary, summarize
from dl.types import EncoderDecoder, Pair, Ragged

READ, WRITTEN = 6, 4
PAIR = Pair(
    Ragged(
        jax.ShapeDtypeStruct((1, READ), jnp.int32),
        jax.ShapeDtypeStruct((1,), jnp.int32),
    ),
    jax.ShapeDtypeStruct((1, WRITTEN), jnp.int32),
)


@pytest.fixture(scope="module")
def model() -> EncoderDecoder:
    encoder = models.text_encoder(7, hidden_size=4, embedding_size=3)
    return models.encoder_decoder(encoder, 5, kind="gru", hidden_size=6, embedding_size=3)


@pytest.fixture(scope="module")
def summary(model: EncoderDecoder) -> Summary:
    return summarize(model, PAIR)


def test_every_step_of_both_sequences_costs(summary: Summary) -> None:
    """Worked out by hand: a GRU of H units with D inputs has (D + H) · 3H weights."""
    cost = {row.name: (row.parameters, row.macs) for row in summary.layers}
    reads = (3 + 4) * 12
    assert cost["encoder/recurrent/forward_0"] == (reads, READ * reads)
    assert cost["decoder/key"] == (8 * 6, READ * 8 * 6)
    gru, query, both = (3 + 6 + 6) * 18, 6 * 6, (6 + 8) * 6
    looks = READ * 6 + READ * 8  # vᵀ tanh(...) at each place, and the context
    assert cost["decoder/core"] == (gru + query + 6 + both, WRITTEN * (gru + query + looks + both))
    assert cost["decoder/output"] == (6 * 5 + 5, WRITTEN * 6 * 5)


def test_totals_are_those_of_the_parameters(model: EncoderDecoder, summary: Summary) -> None:
    params = jax.eval_shape(model.init, jax.random.key(0), PAIR)[0]
    assert summary.parameters == sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(params))
    assert (summary.input_shape, summary.previous_shape) == ((READ,), (WRITTEN,))
    assert summary.output_shape == (WRITTEN, 5)
    assert summary.to_dict()["previous_shape"] == (WRITTEN,)
    assert [row[:2] for row in summary.table().rows[:2]] == [
        ("source", (READ,)),
        ("previous", (WRITTEN,)),
    ]
    shapes = {row.name: row.output_shape for row in summary.layers}
    assert shapes["decoder/embedding"] == (WRITTEN, 3)  # time comes first inside
    assert shapes["decoder/core"] == (WRITTEN, 6)


def test_both_inputs_lead_to_the_output(model: EncoderDecoder) -> None:
    nodes = flow(model, PAIR)
    assert [(node.name, node.kind) for node in nodes[:2]] == [
        ("source", "input"),
        ("previous", "input"),
    ]
    core = next(node for node in nodes if node.name == "decoder/core")
    assert {"decoder/key", "decoder/first_state"} <= {nodes[each].name for each in core.sources}
    fed = [node.name for node in nodes if 1 in node.sources]
    assert fed == ["decoder/embedding"]
    assert [box.kind for box in draw_model(model, PAIR).boxes].count("input") == 2


def test_the_encoder_of_a_captioner_has_fields() -> None:
    model = models.captioner(9, features=(2, 4), hidden_size=3, embedding_size=3)
    pictures = jax.ShapeDtypeStruct((1, 16, 16, 1), jnp.float32)
    rows = {row.name: row for row in summarize(model, Pair(pictures, PAIR.previous)).layers}
    assert rows["encoder/stage2/conv"].receptive_field == (9, 9)  # 5 + 2 · (3 − 1)
    assert rows["encoder/stage2/conv"].stride == (4, 4)


def test_one_shape_is_refused(model: EncoderDecoder) -> None:
    with pytest.raises(InputError, match=r"not one input of shape \(6,\): give dl.data.example"):
        summarize(model, (6,))
