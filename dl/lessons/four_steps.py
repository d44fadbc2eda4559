"""The training loop in four steps, as short as it can be written (C8).

`dl.make_train_step` and the runner do the same with masks, several devices, micro-batches and
checkpoints around it.
"""

from collections.abc import Callable, Mapping

import jax
import optax

from dl.errors import InputError
from dl.ranges import Range, check_number
from dl.types import Array, Key, Params

Examples = Mapping[str, Array]
"""Arrays with N rows each, such as `inputs` [N, ...] and `targets` [N, ...]."""


def draw_batch(key: Key, examples: Examples, *, batch_size: int) -> Examples:
    """Step 1: a mini-batch, `batch_size` different examples at random. Source: C8.

    Raises:
        InputError: for a batch larger than all examples, or of none.

    >>> draw_batch(jax.random.key(0), {"inputs": jnp.arange(100, 110)}, batch_size=3)
    {'inputs': Array([100, 101, 108], dtype=int32)}
    """
    count = len(next(iter(examples.values())))
    check_number("batch_size", batch_size, Range(at_least=1, at_most=count), whole=True)
    chosen = jax.random.choice(key, count, (batch_size,), replace=False)
    return {name: array[chosen] for name, array in examples.items()}


def train_in_four_steps(
    loss: Callable[[Params, Examples], Array],
    optimizer: optax.GradientTransformation,
    params: Params,
    examples: Examples,
    *,
    batch_size: int,
    steps: int,
    key: Key,
) -> tuple[Params, Array]:
    """The parameters after `steps` steps, and the loss [S] of every batch before its step.

    `loss(params, batch)` is the mean loss of a batch. The batch of step s is drawn with
    `fold_in(key, s)`. Source: C8.

    Raises:
        InputError: for no steps, for examples of different numbers, and for a batch larger than
            all examples.

    >>> import dl
    >>> def loss(w, batch):
    ...     return ((w * batch["inputs"] - batch["targets"]) ** 2).mean()
    >>> x = jnp.arange(1.0, 5.0)
    >>> w, losses = train_in_four_steps(loss, dl.optimizers.sgd(0.05), jnp.float32(0),
    ...     {"inputs": x, "targets": 3 * x}, batch_size=2, steps=50, key=jax.random.key(0))
    >>> round(float(w), 3), bool(losses[-1] < losses[0])
    (3.0, True)
    """
    check_number("steps", steps, Range(at_least=1), whole=True)
    sizes = {name: len(array) for name, array in examples.items()}
    if len(set(sizes.values())) != 1:
        raise InputError(f"examples are arrays with as many rows each, these have {sizes}")

    def step(before: tuple[Params, optax.OptState], number: Array) -> tuple[tuple, Array]:
        params, opt_state = before
        # 1. Draw a mini-batch at random.
        batch = draw_batch(jax.random.fold_in(key, number), examples, batch_size=batch_size)
        # 2. Compute the gradient of its loss.
        error, gradient = jax.value_and_grad(loss)(params, batch)
        # 3. Move the parameters a little against it.
        updates, opt_state = optimizer.update(gradient, opt_state, params)
        return (optax.apply_updates(params, updates), opt_state), error

    # 4. Repeat.
    start = (params, optimizer.init(params))
    (params, _), losses = jax.lax.scan(step, start, jax.numpy.arange(steps))
    return params, losses
