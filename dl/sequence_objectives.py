"""What is minimised and reported where every step of a sequence has a target."""

import jax
import jax.numpy as jnp
import optax

from dl import metrics
from dl.objectives import bind, is_right, require_class_numbers, require_same_shape
from dl.types import Array, Batch, Carry, ExpRatio, Key, Metrics, Model, ModelState, Objective, Params, Ratio


def language_model(model: Model) -> Objective:
    """Cross-entropy of the next symbol given those before it, a mean over all symbols.

    E = −1/N Σ_t log p(x_t | x_1, ..., x_{t−1}). Model outputs: logits [B, T, V]; `targets`: symbols [B, T], int; the
    state of rows that are `fresh` begins at zero, that of others is the carry. Reports loss (nats a symbol), bits (a
    symbol), perplexity (e^loss), accuracy. Source: H5.
    """

    def report(logits: Array, batch: Batch) -> dict[str, Array]:
        require_class_numbers(logits, batch["targets"])
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["targets"])
        return {"loss": loss, "bits": loss / jnp.log(2.0), "accuracy": is_right(logits, batch["targets"])}

    bound = bind(model, report)

    def objective(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        before = _renewed(carry, batch["fresh"]) if "fresh" in batch else carry
        sums, model_state, after = bound(params, model_state, batch, train=train, key=key, carry=before)
        return {**sums, "perplexity": ExpRatio(*sums["loss"])}, model_state, after if jax.tree.leaves(carry) else ()

    return objective


def frames(model: Model) -> Objective:
    """Cross-entropy of K yes-or-no outputs at every step: E_t = −Σ_k log p(y_tk), a mean over all steps.

    Model outputs: log-odds [B, T, K]; `targets`: 0 or 1 [B, T, K]. Reports loss (nats a frame), and accuracy in the
    sense of Bay et al. 2009: TP / (TP + FP + FN) over all frames, what is predicted being what is likelier than not.
    """

    def objective(
        params: Params,
        model_state: ModelState,
        batch: Batch,
        *,
        train: bool = False,
        key: Key | None = None,
        carry: Carry = (),
    ) -> tuple[Metrics, ModelState, Carry]:
        logits, model_state, _ = model.apply(params, model_state, batch["inputs"], train=train, key=key)
        require_same_shape(logits, batch["targets"])
        loss = jnp.sum(optax.sigmoid_binary_cross_entropy(logits, batch["targets"]), axis=-1)
        predicted, real = logits > 0, batch["targets"] > 0.5
        both, either = (jnp.sum(found, axis=-1) for found in (predicted & real, predicted | real))
        kept = batch["mask"]
        hits = Ratio(jnp.sum(both * kept), jnp.sum(either * kept))
        sums: Metrics = {"loss": metrics.from_batch(loss, kept), "accuracy": hits}
        return sums, model_state, ()

    return objective


def _renewed(carry: Carry, fresh: Array) -> Carry:
    """The carry with zeros in the rows that are `fresh` [B]."""
    return jax.tree.map(lambda leaf: jnp.where(fresh[:, None] > 0, 0.0, leaf), carry)
