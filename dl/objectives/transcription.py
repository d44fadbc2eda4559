"""The objective of transcription: labels in order, without their times (H4)."""

import jax.numpy as jnp
import optax

from dl.data.sources.batching import step_weights
from dl.errors import InputError
from dl.models.acoustic import real_steps
from dl.objectives.binding import bind
from dl.objectives.edit_distance import collapsed, edit_distances
from dl.promotion import promoting
from dl.types import Array, Batch, Model, Objective, Ragged, Ratio


def transcription(model: Model) -> Objective:
    """Connectionist temporal classification: −log of the probability of all ways to say the labels.

    E = −ln Σ_π Π_t y_t(π_t), over the paths π of F classes that are the labels once repetitions are
    merged and blanks dropped (`collapsed`). Model outputs: logits [B, F, K + 1] with the blank as
    class 0 and label k as class k + 1; steps behind the end of an input give the blank probability
    1. `targets`: `Ragged` labels [B, L].

    Reports loss (nats per label) and label_error: substitutions, insertions and deletions per
    label, when every step takes its most probable class. Inputs that have no path, because they
    have fewer steps than their labels and repetitions, count in label_error but not in the loss,
    and give no gradient. Source: H4; Graves et al. 2006.

    >>> import jax
    >>> from dl import metrics
    >>> from dl.models import acoustic_model
    >>> model = acoustic_model("lstm", 3, sample_rate=8000, hidden_size=2)
    >>> targets = Ragged(jnp.array([[0, 1]]), jnp.array([2]))
    >>> batch = {"inputs": jnp.ones((1, 800)), "targets": targets, "mask": jnp.ones(1)}
    >>> params, state = model.init(jax.random.key(0), batch["inputs"])
    >>> sorted(metrics.compute(transcription(model)(params, state, batch)[0]))
    ['label_error', 'loss']
    """

    @promoting
    def report(logits: Array, batch: Batch) -> dict[str, Ratio]:
        targets, mask = _labels(logits, batch["targets"]), batch["mask"]

        def per_label(values: Array, counts: Array) -> Ratio:
            # where, not multiply: padding may hold inf or nan.
            total = jnp.sum(jnp.where(counts, values, 0.0))
            return Ratio(total, jnp.sum(targets.lengths * counts * mask))

        errors = edit_distances(*collapsed(jnp.argmax(logits, axis=-1)), targets)
        heard = (mask > 0) & (real_steps(logits) >= _steps_needed(targets))
        return {
            "loss": per_label(ctc_nats(logits, targets), heard),
            "label_error": per_label(errors, mask > 0),
        }

    return bind(model, report, task="transcription")


def ctc_nats(logits: Array, targets: Ragged) -> Array:
    """−ln p(labels) of each row: logits [B, F, K + 1] and `Ragged` labels [B, L] -> [B].

    A row with fewer steps than its labels and repetitions has no path; its loss is about 1e5, and
    its gradient means nothing: leave such rows out, as `transcription` does.

    >>> halves = jnp.log(jnp.full((1, 2, 2), 0.5))
    >>> nats = ctc_nats(halves, Ragged(jnp.array([[0]]), jnp.array([1])))
    >>> round(float(jnp.exp(-nats[0])), 6)  # the paths 11, 01 and 10
    0.75
    """
    real = step_weights(targets.lengths, targets.values.shape[1])
    return optax.ctc_loss(
        logits,
        jnp.zeros(logits.shape[:2], logits.dtype),
        jnp.where(real > 0, targets.values + 1, 0),
        1.0 - real,
    )


def _steps_needed(targets: Ragged) -> Array:
    """The fewest steps [B] of a path: one for each label, and a blank between equal neighbours."""
    real = step_weights(targets.lengths, targets.values.shape[1])
    repeated = (targets.values[:, 1:] == targets.values[:, :-1]) * real[:, 1:]
    return targets.lengths + jnp.sum(repeated, axis=1)


def _labels(logits: Array, targets: Ragged) -> Ragged:
    """The targets, once they are known to be labels for these outputs."""
    fits = isinstance(targets, Ragged) and logits.ndim == 3
    if not fits or not jnp.issubdtype(jnp.asarray(targets.values).dtype, jnp.integer):
        raise InputError(
            "a transcription needs logits [B, F, K + 1] and Ragged labels [B, L], not outputs "
            f"{list(logits.shape)} and {type(targets).__name__}"
        )
    return Ragged(jnp.asarray(targets.values), jnp.asarray(targets.lengths))
