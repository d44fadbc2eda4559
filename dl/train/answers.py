"""What a net answers for every example of a part, brought to the host."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from dl.data.dataset import Dataset
from dl.data.gather import make_gather
from dl.data.sources.batching import IndexedBatch
from dl.data.sources.source import cut_calls
from dl.layers.precision import computing_in
from dl.types import Array, Batch, Carry, Model, ModelState, Params

Pick = Callable[[Array, Batch], dict[str, Array]]
"""From outputs [B, ...] and a batch to what is kept of each example [B, ...] or step [B, T, ...].

It is compiled with the model.
"""


def collect(
    model: Model,
    params: Params,
    model_state: ModelState,
    data: Dataset,
    part: str,
    *,
    pick: Pick,
    batch_size: int,
    precision: str = "float32",
) -> dict[str, np.ndarray]:
    """What `pick` keeps of every example of a part, in order, each once: arrays [N, ...].

    Steps of sequences stand one after the other, without padding. A stream is read as one sequence.
    All of it is computed on one device, by layers that compute in `precision`. Only what `pick`
    keeps stays in memory.

    Raises:
        InputError: when there is no such part.
    """
    source = data.part(part).evaluated()
    gather = make_gather(source, data.spec)

    @jax.jit
    def answer(
        params: Params, model_state: ModelState, carry: Carry, arrays: Any, indexed: IndexedBatch
    ) -> tuple[dict[str, Array], Array, Carry]:
        batch = gather(arrays, indexed)
        with computing_in(precision):
            outputs, _, after = model.apply(params, model_state, batch["inputs"], carry=carry)
        return pick(outputs, batch), batch["mask"], after if jax.tree.leaves(carry) else ()

    weights = jax.device_get((params, model_state))
    params, model_state, arrays = jax.device_put((*weights, source.evaluation_arrays()))
    carry = model.zero_carry(1) if source.carries else ()
    kept: list[dict[str, np.ndarray]] = []
    for group in source.evaluation_calls(batch_size=batch_size)():
        for call in cut_calls(group, room=1, loops=False):
            indexed = jax.tree.map(lambda leaf: leaf[0], call)
            picked, mask, carry = answer(params, model_state, carry, arrays, indexed)
            real = np.asarray(mask) > 0
            kept.append({name: np.asarray(values)[real] for name, values in picked.items()})
    return {name: np.concatenate([each[name] for each in kept]) for name in kept[0]}
