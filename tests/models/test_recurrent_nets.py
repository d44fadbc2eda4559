"""Recurrent nets: segments are the sequence, masked batches each sequence alone, and PyTorch's
numbers.
"""

import warnings
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl import models
from dl.errors import InputError
from dl.layers.recurrent import KINDS, layer_arrays, zero_carry
from dl.types import Model, Ragged

V, B, T, H = 5, 3, 6, 4
LENGTHS = np.array([6, 2])
SYMBOLS = np.random.default_rng(0).integers(0, V, (B, T)).astype(np.int32)
VECTORS = np.random.default_rng(1).normal(size=(B, T, 2)).astype(np.float32)
quick = partial(
    jax.jit,
    compiler_options={
        "xla_backend_optimization_level": 0,
        "xla_llvm_disable_expensive_passes": True,
    },
)


@cache
def prepared(model: Model, symbols: bool = True) -> Any:
    """Parameters that are all drawn: none of them is zero."""
    params, _ = jax.eval_shape(
        model.init, jax.random.key(0), jnp.asarray(SYMBOLS if symbols else VECTORS)
    )
    rng = np.random.default_rng(2)
    return jax.tree.map(
        lambda leaf: jnp.asarray(rng.normal(size=leaf.shape, scale=0.5), leaf.dtype), params
    )


def assert_close(ours: Any, reference: Any, tolerance: float = 2e-5) -> None:
    jax.tree.map(
        partial(np.testing.assert_allclose, rtol=tolerance, atol=tolerance), ours, reference
    )


def pulled(function: Any, params: Any) -> tuple[Any, Any]:
    """What a function of the parameters gives, and the gradient of its sum with another weight for
    every number.
    """
    outputs, pull = jax.vjp(function, params)
    (gradients,) = pull(jnp.cos(jnp.arange(outputs.size, dtype=jnp.float32)).reshape(outputs.shape))
    return outputs, gradients


LANGUAGE = {
    "one-hot": models.language_model("lstm", V, hidden_size=H),
    "deep": models.language_model(
        "gru", V, hidden_size=H, num_layers=2, embedding_size=3, layer_norm=True
    ),
    "tied": models.language_model("rnn", V, hidden_size=H, embedding_size=H, tied=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_carries_a_state_of_its_own_shape(kind: str) -> None:
    model = models.language_model(kind, V, hidden_size=H, num_layers=2)
    carry = model.zero_carry(B)
    layer = ((B, H), (B, H)) if kind == "lstm" else (B, H)
    assert jax.tree.map(jnp.shape, carry) == (layer, layer)
    assert not any(leaf.any() for leaf in jax.tree.leaves(carry))
    params = jax.eval_shape(model.init, jax.random.key(0), SYMBOLS)[0]
    logits, state, after = jax.eval_shape(
        lambda params: model.apply(params, {}, SYMBOLS, carry=carry), params
    )
    assert (logits.shape, logits.dtype, state) == ((B, T, V), jnp.float32, {})
    assert jax.tree.map(jnp.shape, after) == (layer, layer)


@pytest.mark.slow
@pytest.mark.parametrize("name", LANGUAGE)
def test_segments_with_the_state_carried_on_are_the_whole_sequence(name: str) -> None:
    model, params = LANGUAGE[name], prepared(LANGUAGE[name])
    run = quick(model.apply)
    whole, _, end = run(params, {}, SYMBOLS, carry=model.zero_carry(B))
    without, _, _ = run(params, {}, SYMBOLS)
    assert_close(without, whole)
    first, _, carry = run(params, {}, SYMBOLS[:, :3], carry=model.zero_carry(B))
    second, _, last = run(params, {}, SYMBOLS[:, 3:], carry=carry)
    assert_close((jnp.concatenate([first, second], axis=1), last), (whole, end))
    from_nothing, _, _ = run(params, {}, SYMBOLS[:, 3:], carry=model.zero_carry(B))
    assert np.abs(from_nothing - whole[:, 3:]).max() > 1e-2


def test_half_precision_carries_half_precision_and_gives_single() -> None:
    model = models.language_model("lstm", V, hidden_size=H, dtype=jnp.bfloat16)
    params = jax.eval_shape(model.init, jax.random.key(0), SYMBOLS)[0]
    carry = model.zero_carry(B)
    logits, _, after = jax.eval_shape(
        lambda params: model.apply(params, {}, SYMBOLS, carry=carry), params
    )
    assert logits.dtype == jnp.float32
    assert {leaf.dtype for leaf in jax.tree.leaves((carry, after))} == {jnp.dtype(jnp.bfloat16)}


READERS = {
    "last": models.sequence_model("lstm", 2, hidden_size=H, vocabulary_size=V, embedding_size=3),
    "mean": models.sequence_model(
        "rnn", 2, hidden_size=H, vocabulary_size=V, pool="mean", bidirectional=True
    ),
    "both ways": models.sequence_model(
        "gru",
        2,
        hidden_size=H,
        num_layers=2,
        vocabulary_size=V,
        bidirectional=True,
        layer_norm=True,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*READERS, "deep"])
def test_a_masked_batch_is_each_sequence_alone(name: str) -> None:
    model = READERS.get(name) or LANGUAGE[name]
    real = np.arange(T) < LENGTHS[:, None]

    def together(params: Any, padding: int) -> Any:
        outputs, _, _ = model.apply(
            params, {}, Ragged(jnp.where(real, SYMBOLS[:2], padding), LENGTHS)
        )
        return jnp.where(real[..., None], outputs, 0) if outputs.ndim == 3 else outputs

    def alone(params: Any) -> Any:
        rows = [
            model.apply(params, {}, row[None, :n])[0][0]
            for row, n in zip(SYMBOLS[:2], LENGTHS, strict=True)
        ]
        return jnp.stack(
            [jnp.pad(row, ((0, T - len(row)), (0, 0))) if row.ndim == 2 else row for row in rows]
        )

    batch = quick(lambda params, padding: pulled(partial(together, padding=padding), params))
    params = prepared(model)
    assert_close(batch(params, 0), quick(partial(pulled, alone))(params))
    jax.tree.map(np.testing.assert_array_equal, batch(params, 0), batch(params, 3))


def test_what_is_pooled_is_what_it_is_called() -> None:
    """Pooled by hand from the outputs of every step, which a stack of the same parameters gives."""

    def net(**options: Any) -> Model:
        return models.sequence_model("lstm", 2, hidden_size=H, bidirectional=True, **options)

    def both(params: Any) -> Any:
        stack = dl.layers.Recurrent("lstm", H, bidirectional=True)
        readings = [net(pool=pool).apply(params, {}, VECTORS)[0] for pool in ("last", "mean")]
        return stack.apply({"params": params["recurrent"]}, VECTORS), readings

    params = prepared(net(), symbols=False)
    ys, (last, mean) = quick(both)(params)
    ends = np.concatenate([ys[:, -1, :H], ys[:, 0, H:]], axis=-1)
    for found, pooled in ((last, ends), (mean, ys.mean(axis=1))):
        assert_close(found, pooled @ params["output"]["kernel"] + params["output"]["bias"])


@pytest.mark.parametrize(("pixels", "shape"), [(False, (2, 3, 8)), (True, (2, 12, 2))])
def test_pictures_are_read_row_by_row_or_pixel_by_pixel(
    pixels: bool, shape: tuple[int, ...]
) -> None:
    pictures = jnp.asarray(np.random.default_rng(3).normal(size=(2, 3, 4, 2)), jnp.float32)
    model = models.sequence_model("rnn", 2, hidden_size=H, pixels=pixels)
    shapes, _ = jax.eval_shape(model.init, jax.random.key(0), pictures)
    assert shapes["recurrent"]["layer_0"]["input"].shape == (shape[-1], H)
    params = jax.tree.map(lambda leaf: jnp.cos(jnp.arange(leaf.size)).reshape(leaf.shape), shapes)
    vectors = models.sequence_model("rnn", 2, hidden_size=H)
    read = (model, pictures), (vectors, pictures.reshape(shape))
    run = quick(lambda params: [each.apply(params, {}, inputs)[0] for each, inputs in read])
    np.testing.assert_array_equal(*run(params))


def test_recomputed_equals_kept() -> None:
    def results(params: Any, steps: int) -> Any:
        model = models.language_model("lstm", V, hidden_size=H, remat_steps=steps)
        return pulled(lambda params: model.apply(params, {}, SYMBOLS)[0], params)

    kept, again = quick(lambda params: [results(params, steps) for steps in (0, 4)])(
        prepared(LANGUAGE["one-hot"])
    )
    assert_close(again, kept)


def test_tied_weights_are_one_array_that_both_ends_use() -> None:
    tied, params = LANGUAGE["tied"], prepared(LANGUAGE["tied"])
    untied = models.language_model("rnn", V, hidden_size=H, embedding_size=H)
    assert sorted(params) == ["embedding", "output_bias", "recurrent"]
    assert dl.count_parameters(prepared(untied)) - dl.count_parameters(params) == V * H
    table, rest = (
        params["embedding"]["embedding"],
        {name: params[name] for name in ("embedding", "recurrent")},
    )
    output = {"kernel": table.T, "bias": params["output_bias"]}
    run = quick(
        lambda *trees: [
            net.apply(tree, {}, SYMBOLS)[0] for net, tree in zip((tied, untied), trees, strict=True)
        ]
    )
    assert_close(*run(params, {**rest, "output": output}))


def test_layer_norm_stands_behind_every_layer() -> None:
    model = LANGUAGE["deep"]
    params = prepared(model)
    assert params["recurrent"]["norm_1"]["scale"].shape == params["norm"]["scale"].shape == (H,)
    seen = quick(model.activations)(params, {}, SYMBOLS)
    for before, norm, arrays in (
        ("recurrent/layer_0", "recurrent/norm_1", params["recurrent"]["norm_1"]),
        ("recurrent", "norm", params["norm"]),
    ):
        ys = np.asarray(seen[before])
        expected = (ys - ys.mean(-1, keepdims=True)) / np.sqrt(ys.var(-1, keepdims=True) + 1e-6)
        assert_close(seen[norm], expected * arrays["scale"] + arrays["bias"], 1e-4)


def test_dropout_stands_behind_every_layer_and_an_embedding_that_is_read() -> None:
    def places(model: Model) -> list[str]:
        rows = model.layers(jax.ShapeDtypeStruct((1, T), jnp.int32))
        return [row.name for row in rows if "dropout" in row.name]

    read = partial(models.sequence_model, "rnn", 2, vocabulary_size=V)
    assert places(models.language_model("rnn", V, num_layers=2)) == [
        "recurrent/dropout_1",
        "dropout",
    ]
    assert places(read()) == ["dropout"]
    assert places(read(embedding_size=2)) == ["embedding_dropout", "dropout"]


@pytest.mark.parametrize("kind", ["lstm", "gru", "gru_reset_after"])
def test_a_time_scale_spreads_how_long_units_remember(kind: str) -> None:
    arrays = layer_arrays(
        kind, input_size=1, hidden_size=400, use_bias=True, time_scale=50, forget_bias=9.0
    )
    init, shape = arrays["bias"]
    bias = np.asarray(quick(partial(init, shape=shape, dtype=jnp.float32))(jax.random.key(0)))
    first, second = bias.reshape(-1, 400)[:2]
    kept = {"lstm": second, "gru": -second, "gru_reset_after": second}[kind]
    steps = np.exp(
        kept
    )  # of a unit that nothing else moves: it keeps u / (1 + u) a step, and forgets in about 1 + u
    assert 1 <= steps.min() < 3 < 45 < steps.max() <= 49
    assert steps.mean() == pytest.approx(25, abs=2)
    np.testing.assert_array_equal(first, -second if kind == "lstm" else 0)
    assert not bias[800:].any()


def test_layers_are_listed_batch_first_and_their_work_is_counted_for_every_step() -> None:
    model = LANGUAGE["deep"]
    rows = {row.name: row for row in dl.summarize(model, (T,)).layers}
    assert rows["output"].output_shape == (T, V)
    assert rows["norm"].output_shape == rows["recurrent/norm_1"].output_shape == (T, H)
    assert rows["embedding"].output_shape == (T, 3)
    assert rows["recurrent/layer_0"].macs == T * 3 * (3 * H + H * H)
    assert rows["recurrent/layer_1"].macs == T * 3 * (H * H + H * H)
    assert rows["output"].macs == T * H * V
    assert sum(row.parameters for row in rows.values()) == dl.count_parameters(prepared(model))
    found = jax.eval_shape(model.activations, prepared(model), {}, SYMBOLS)
    assert all(found[name].shape == (B, *row.output_shape) for name, row in rows.items())


@pytest.fixture
def torch() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("torch")


@pytest.mark.parametrize("kind", ["lstm", "gru_reset_after"])
def test_a_language_model_is_pytorch_s_with_the_same_numbers(torch: Any, kind: str) -> None:
    model = models.language_model(kind, V, hidden_size=H, num_layers=2, embedding_size=3)
    params = prepared(model)
    embed, out = torch.nn.Embedding(V, 3), torch.nn.Linear(H, V)
    layers = (torch.nn.LSTM if kind == "lstm" else torch.nn.GRU)(
        3, H, num_layers=2, batch_first=True
    )
    with torch.no_grad():
        embed.weight.copy_(to_torch(torch, params["embedding"]["embedding"]))
        out.weight.copy_(to_torch(torch, params["output"]["kernel"].T))
        out.bias.copy_(to_torch(torch, params["output"]["bias"]))
        for number in range(2):
            arrays = params["recurrent"][f"layer_{number}"]
            bias = np.zeros(arrays["bias"].shape, np.float32)
            if kind == "gru_reset_after":
                bias[2 * H :] = arrays["recurrent_bias"]
            values = arrays["input"].T, arrays["recurrent"].T, arrays["bias"], bias
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            for name, value in zip(names, values, strict=True):
                getattr(layers, f"{name}_l{number}").copy_(to_torch(torch, value))
    symbols = torch.from_numpy(SYMBOLS.astype(np.int64))
    theirs = out(layers(embed(symbols))[0])
    loss = torch.nn.functional.cross_entropy(
        theirs[:, :-1].reshape(-1, V), symbols[:, 1:].reshape(-1)
    )
    loss.backward()

    def ours(params: Any) -> Any:
        logits = model.apply(params, {}, SYMBOLS)[0]
        chosen = jnp.take_along_axis(
            jax.nn.log_softmax(logits[:, :-1]), SYMBOLS[:, 1:, None], axis=-1
        )
        return -chosen.mean(), logits

    (value, logits), gradients = quick(jax.value_and_grad(ours, has_aux=True))(params)
    assert_close((logits, value), (theirs.detach().numpy(), loss.item()))
    assert_close(gradients["embedding"]["embedding"], embed.weight.grad.numpy())
    assert_close(gradients["recurrent"]["layer_0"]["input"], layers.weight_ih_l0.grad.numpy().T)
    assert_close(gradients["recurrent"]["layer_1"]["recurrent"], layers.weight_hh_l1.grad.numpy().T)


def to_torch(torch: Any, array: Any) -> Any:
    return torch.from_numpy(np.array(array))


REFUSED: dict[str, Any] = {
    r"unknown cell 'lstn': did you mean lstm\?": lambda: models.language_model("lstn", V),
    "unknown cell 'transformer': known: gru, ": lambda: models.sequence_model("transformer", 2),
    "a recurrent state has at least 1 unit, not 0": lambda: models.step_model(
        "rnn", V, hidden_size=0
    ),
    "a model has 1 output or more, not 0": lambda: models.language_model("rnn", 0),
    "as wide as the state: embedding_size 8, not 5": lambda: models.language_model(
        "rnn", V, hidden_size=8, embedding_size=5, tied=True
    ),
    "as wide as the state: embedding_size 8, not 0": lambda: models.language_model(
        "rnn", V, hidden_size=8, tied=True
    ),
    "unknown pool 'max': known: last, mean": lambda: models.sequence_model("rnn", 2, pool="max"),
    "an embedding_size is for symbols: give the vocabulary_size": lambda: models.sequence_model(
        "rnn", 2, embedding_size=3
    ),
    "a language model cannot be bidirectional: leave bidirectional out": lambda: (
        models.language_model("rnn", V, bidirectional=True)
    ),
    "a net reads .B, T. forward: leave it out": lambda: models.sequence_model(
        "rnn", V, reverse=True
    ),
    "embedding_size is at least 0, not -1": lambda: models.language_model(
        "rnn", V, embedding_size=-1
    ),
    "vocabulary_size is at least 0, not -2": lambda: models.sequence_model(
        "rnn", V, vocabulary_size=-2
    ),
    "tied is for symbols": lambda: models.step_model("rnn", 2, tied=True),
    "tied is an option of language_model alone": lambda: models.sequence_model(
        "rnn", 2, vocabulary_size=V, tied=True
    ),
    "pool is an option of sequence_model alone": lambda: models.language_model(
        "rnn", V, pool="mean"
    ),
    "unknown cell 'lstn': did you mean lstm": lambda: zero_carry("lstn", 1, 2),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_there_is_not_is_refused_when_a_model_is_made(message: str) -> None:
    with pytest.raises(InputError, match=message):
        REFUSED[message]()


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        (
            models.language_model("rnn", V),
            jnp.zeros((2, 3)),
            r"symbols are integers \[B, T\], not float32\[2, 3\]",
        ),
        (
            models.language_model("rnn", V),
            SYMBOLS[0],
            r"symbols are integers \[B, T\], not int32\[6\]",
        ),
        (models.step_model("rnn", V), SYMBOLS, r"sequences are \[B, T, D\]"),
        (
            models.language_model("rnn", V, time_scale=9),
            SYMBOLS,
            "an rnn has no gates: leave it out",
        ),
        (
            models.language_model("gru", V, time_scale=9),
            SYMBOLS,
            "this gru has none: give use_bias=True",
        ),
        (models.language_model("lstm", V, time_scale=2), SYMBOLS, "3 steps or more, not 2"),
        (models.language_model("lstm", V, num_layers=0), SYMBOLS, "at least 1 layer, not 0"),
        (models.language_model("lstm", V, dropout=1.0), SYMBOLS, "at least 0 and below 1"),
        (
            models.sequence_model("lstm", 2, pixels=True),
            VECTORS,
            r"pixels are of pictures \[B, H, W, C\], not of \[3, 6, 2\]",
        ),
    ],
)
def test_what_does_not_fit_is_refused_when_a_model_is_applied(
    model: Model, inputs: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        jax.eval_shape(model.init, jax.random.key(0), inputs)


def test_parameters_of_another_model_are_refused() -> None:
    other = models.language_model("lstm", V + 1, hidden_size=H)
    with pytest.raises(InputError, match="these are not the parameters of this lstm"):
        other.apply(prepared(LANGUAGE["one-hot"]), {}, SYMBOLS)


def test_parameters_of_fewer_layers_are_refused() -> None:
    deeper = models.language_model("lstm", V, hidden_size=H, num_layers=2)
    with pytest.raises(InputError, match="its layers or sizes differ"):
        deeper.apply(prepared(LANGUAGE["one-hot"]), {}, SYMBOLS)


def test_a_carry_that_does_not_fit_is_refused() -> None:
    params = prepared(LANGUAGE["one-hot"])
    with pytest.raises(InputError, match="initial_carry is a tuple of 1, for each layer one carry"):
        LANGUAGE["one-hot"].apply(params, {}, SYMBOLS, carry=jnp.zeros((B, H)))
    reader = models.sequence_model("lstm", 2, hidden_size=H)
    with pytest.raises(InputError, match="carries nothing on: leave the carry out"):
        reader.apply(
            prepared(reader, symbols=False),
            {},
            VECTORS,
            carry=((jnp.zeros((B, H)), jnp.zeros((B, H))),),
        )
