"""Models of sound: log-mel spectra of waveforms, and recurrent layers that read them (H4).

The spectra are computed in the model, so that augmentation acts on waveforms and a trained net
takes what a microphone gives. Source: Graves, Mohamed & Hinton 2013, arXiv:1303.5778.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import linen as nn

from dl.errors import InputError, did_you_mean
from dl.layers import spectra
from dl.layers.recurrent import Recurrent, check_kind
from dl.models.checks import check_outputs
from dl.models.functional import from_recurrent
from dl.models.recurrent_nets import SequenceNet, StepNet
from dl.promotion import promoting
from dl.types import Array, Carry, Model, Ragged

IMPOSSIBLE = -1e9
"""The logit of every label behind the end of a waveform, where the blank has 0."""


class Hearing(NamedTuple):
    """How waveforms become vectors: `filters` bands of frames of `frame_ms`, one every `step_ms`.

    `stack` frames side by side make one vector, so that the net has fewer steps to go. `each_band`
    is that of `spectra.normalised`.
    """

    sample_rate: int
    filters: int = 40
    frame_ms: float = spectra.FRAME_MS
    step_ms: float = spectra.STEP_MS
    stack: int = 1
    each_band: bool = True

    @promoting
    def vectors(self, inputs: Array | Ragged) -> Ragged:
        """Waveforms [B, N] in [−1, 1) as vectors [B, F, filters · stack]; those behind are 0."""
        waveforms = inputs.values if isinstance(inputs, Ragged) else inputs
        if waveforms.ndim != 2:
            raise InputError(
                f"waveforms are [B, samples], not of shape {list(waveforms.shape)}: give one "
                "channel of sound"
            )
        features = spectra.log_mel(
            waveforms,
            self.sample_rate,
            lengths=_lengths(inputs),
            filters=self.filters,
            frame_ms=self.frame_ms,
            step_ms=self.step_ms,
        )
        counts = self._frames(inputs)
        normal = spectra.normalised(features, counts, each_band=self.each_band)
        return _stacked(normal, counts, self.stack)

    def steps(self, inputs: Array | Ragged) -> Array:
        """How many vectors [B] each waveform has."""
        return -(-self._frames(inputs) // self.stack)

    def _frames(self, inputs: Array | Ragged) -> Array:
        size, step = (
            spectra.frame_samples(self.sample_rate, each) for each in (self.frame_ms, self.step_ms)
        )
        return spectra.frame_count(_lengths(inputs), size, step)


class AcousticNet(nn.Module):
    """A recurrent net that hears: waveforms [B, N] -> what `net` makes of their vectors.

    If it `transcribes`, steps behind the end of a waveform say blank, class 0, with certainty.
    """

    hearing: Hearing
    net: nn.Module
    transcribes: bool = False

    @nn.compact
    def __call__(
        self, inputs: Array | Ragged, *, carry: Carry = (), train: bool = False
    ) -> tuple[Array, Carry]:
        if jax.tree.leaves(carry):
            raise InputError("this net hears whole recordings: leave the carry out")
        heard: Callable[..., Any] = self.net
        outputs, _ = heard(self.hearing.vectors(inputs), train=train)
        return self._blank_behind(outputs, inputs) if self.transcribes else outputs, ()

    @nn.nowrap
    @promoting
    def _blank_behind(self, outputs: Array, inputs: Array | Ragged) -> Array:
        """The outputs, with the blank for certain in the steps behind the end of a waveform."""
        real = jnp.arange(outputs.shape[1]) < self.hearing.steps(inputs)[:, None]
        nothing = jnp.where(jnp.arange(outputs.shape[2]) == 0, 0.0, IMPOSSIBLE)
        return jnp.where(real[..., None], outputs, nothing.astype(outputs.dtype))


def acoustic_model(
    kind: str,
    outputs: int,
    *,
    sample_rate: int,
    hidden_size: int = 128,
    num_layers: int = 2,
    bidirectional: bool = True,
    layer_norm: bool = False,
    dropout: float = 0.0,
    forget_bias: float = 1.0,
    filters: int = 40,
    frame_ms: float = spectra.FRAME_MS,
    step_ms: float = spectra.STEP_MS,
    stack: int = 1,
    implementation: str = "auto",
) -> Model:
    """Logits [B, F, K + 1] of blank and labels in every step of waveforms [B, N], for CTC.

    `outputs` is K + 1. Waveforms are float in [−1, 1) at `sample_rate` Hz, padded if `Ragged`. A
    step has `stack` frames of `filters` log-mel energies, normalised over the waveform; the frames
    have `frame_ms` and come every `step_ms`. Steps behind the end of a waveform have the logit 0
    for the blank, −1e9 for labels (`real_steps`). The other options are those of `sequence_model`.
    Source: H4; Graves et al. 2006.

    Raises:
        InputError: for an unknown cell or sizes below 1; when it is applied, for other inputs.

    >>> model = acoustic_model("lstm", 11, sample_rate=8000, hidden_size=3, stack=2)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 800)))
    >>> model.apply(params, state, jnp.ones((2, 800)))[0].shape
    (2, 5, 11)
    """
    recurrent = _stack(
        kind,
        hidden_size,
        num_layers=num_layers,
        bidirectional=bidirectional,
        layer_norm=layer_norm,
        dropout=dropout,
        forget_bias=forget_bias,
        implementation=implementation,
    )
    check_outputs(outputs)
    hearing = _hearing(sample_rate, filters, frame_ms, step_ms, stack)
    net = AcousticNet(hearing, StepNet(recurrent, outputs), transcribes=True)
    return from_recurrent(net, name=kind)


def spoken_word_model(
    kind: str,
    outputs: int,
    *,
    sample_rate: int,
    hidden_size: int = 128,
    num_layers: int = 1,
    bidirectional: bool = True,
    layer_norm: bool = False,
    dropout: float = 0.0,
    forget_bias: float = 1.0,
    pool: str = "mean",
    filters: int = 40,
    frame_ms: float = spectra.FRAME_MS,
    step_ms: float = spectra.STEP_MS,
    stack: int = 1,
    implementation: str = "auto",
) -> Model:
    """Logits [B, K] of the word in each waveform [B, N]: `sequence_model` on its log-mel energies.

    The energies are normalised over all bands together. The options are those of `acoustic_model`;
    `pool` is that of `sequence_model`. Source: H4.

    Raises:
        InputError: for an unknown cell or pool, or sizes below 1; when it is applied, for other
            inputs.

    >>> model = spoken_word_model("gru", 10, sample_rate=8000, hidden_size=3)
    >>> params, state = model.init(jax.random.key(0), jnp.zeros((1, 800)))
    >>> model.apply(params, state, jnp.ones((2, 800)))[0].shape
    (2, 10)
    """
    recurrent = _stack(
        kind,
        hidden_size,
        num_layers=num_layers,
        bidirectional=bidirectional,
        layer_norm=layer_norm,
        dropout=dropout,
        forget_bias=forget_bias,
        implementation=implementation,
    )
    check_outputs(outputs)
    if pool not in ("last", "mean"):
        raise InputError(f"unknown pool {pool!r}: {did_you_mean(str(pool), ('last', 'mean'))}")
    hearing = _hearing(sample_rate, filters, frame_ms, step_ms, stack)._replace(each_band=False)
    return from_recurrent(
        AcousticNet(hearing, SequenceNet(recurrent, outputs, pool=pool)), name=kind
    )


def real_steps(logits: Array) -> Array:
    """How many steps [B] of logits [B, F, K + 1] come before the end of each waveform.

    Behind the end the blank has 0 and labels are `IMPOSSIBLE`. Steps of NaN count as real.

    >>> behind = [0.0, IMPOSSIBLE]
    >>> real_steps(jnp.array([[[0.0, 1.0], behind, behind], [[jnp.nan] * 2, [3.0, 4.0], behind]]))
    Array([1, 2], dtype=int32)
    """
    highest = jnp.max(logits[..., 1:], axis=-1)
    real = (logits[..., 0] != 0) | ~(highest <= IMPOSSIBLE / 2)
    return jnp.max(jnp.where(real, jnp.arange(1, logits.shape[1] + 1), 0), axis=1)


def _lengths(inputs: Array | Ragged) -> Array:
    """How many samples [B] each waveform has."""
    if isinstance(inputs, Ragged):
        return jnp.asarray(inputs.lengths)
    return jnp.full(inputs.shape[:1], inputs.shape[1])


def _stack(kind: str, hidden_size: int, **options: Any) -> Recurrent:
    check_kind(kind)
    if hidden_size < 1:
        raise InputError(f"a recurrent state has at least 1 unit, not {hidden_size}")
    return Recurrent(kind, hidden_size, **options)


def _hearing(
    sample_rate: int, filters: int, frame_ms: float, step_ms: float, stack: int
) -> Hearing:
    if sample_rate < 1:
        raise InputError(
            f"sample_rate is {sample_rate}; it must be that of the waveforms, in Hz: these data "
            "are perhaps no sound"
        )
    if stack < 1 or min(frame_ms, step_ms) <= 0:
        raise InputError(
            f"frames of {frame_ms:g} ms every {step_ms:g} ms, {stack} at a time, do not go: give "
            "numbers above 0"
        )
    return Hearing(sample_rate, filters, frame_ms, step_ms, stack)


def _stacked(features: Array, counts: Array, stack: int) -> Ragged:
    """Vectors of `stack` successive frames: [B, F, D] -> [B, ⌈F / stack⌉, stack · D]."""
    rows, frames, bands = features.shape
    steps = -(-frames // stack)
    padded = jnp.pad(features, ((0, 0), (0, steps * stack - frames), (0, 0)))
    return Ragged(padded.reshape(rows, steps, stack * bands), -(-counts // stack))
