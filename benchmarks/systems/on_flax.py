"""Training in Flax and Optax alone, as their examples do it: a jitted step in a Python loop."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.measure import Workload


def steps_workload(
    network: Any, optimizer: Any, inputs: np.ndarray, targets: np.ndarray, *, steps: int
) -> Workload:
    """`steps` training steps on one resident batch."""
    import jax

    step = make_step(network, optimizer)
    held = first_state(network, optimizer, inputs[:1])
    batch = jax.device_put((inputs, targets))

    def run() -> None:
        nonlocal held
        for _ in range(steps):
            held, _loss = step(held, *batch)
        jax.block_until_ready(held)

    return Workload(run, steps * len(inputs))


def epoch_workload(
    network: Any, optimizer: Any, pictures: np.ndarray, labels: np.ndarray, *, batch_size: int
) -> Workload:
    """One epoch: batches in random order from NumPy, normalised in the compiled step."""
    import jax

    mean, std = float((pictures / 255.0).mean()), float((pictures / 255.0).std())
    step = make_step(network, optimizer, lambda batch: (batch / 255.0 - mean) / std)
    held = first_state(network, optimizer, np.zeros((1, *pictures.shape[1:]), np.float32))
    generator, steps = np.random.default_rng(0), len(pictures) // batch_size

    def run() -> None:
        nonlocal held
        order, total = generator.permutation(len(pictures)), 0.0
        for number in range(steps):
            index = order[number * batch_size : (number + 1) * batch_size]
            held, loss = step(held, pictures[index], labels[index])
            total += loss
        jax.block_until_ready((held, total))

    return Workload(run, steps * batch_size)


def first_state(network: Any, optimizer: Any, inputs: np.ndarray) -> tuple[Any, Any]:
    """Variables and the optimizer's state."""
    import jax

    def init() -> tuple[Any, Any]:
        variables = network.init(jax.random.key(0), inputs)
        return variables, optimizer.init(variables["params"])

    return jax.jit(init)()


def make_step(network: Any, optimizer: Any, prepare: Callable = lambda inputs: inputs) -> Callable:
    """The jitted `step((variables, opt_state), inputs, targets) -> (state, loss)`.

    The loss is the cross-entropy; the state is donated.
    """
    import jax
    import optax

    def step(state: tuple[Any, Any], inputs: Any, targets: Any) -> tuple[tuple[Any, Any], Any]:
        variables, opt_state = state
        rest = {name: values for name, values in variables.items() if name != "params"}

        def mean_loss(params: Any) -> tuple[Any, Any]:
            outputs, changed = network.apply(
                {**rest, "params": params}, prepare(inputs), mutable=list(rest)
            )
            return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean(), changed

        (loss, changed), gradients = jax.value_and_grad(mean_loss, has_aux=True)(
            variables["params"]
        )
        updates, opt_state = optimizer.update(gradients, opt_state, variables["params"])
        params = optax.apply_updates(variables["params"], updates)
        return ({**changed, "params": params}, opt_state), loss

    return jax.jit(step, donate_argnums=0)
