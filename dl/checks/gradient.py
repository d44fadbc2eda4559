"""Is the gradient that training uses the slope of the loss? Compared with finite differences."""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from dl.checks.differences import FLOAT32, FLOAT64, Differences, Precision
from dl.checks.finding import Finding, not_applicable
from dl.checks.subject import Subject
from dl.errors import first_line
from dl.jaxprs import equations
from dl.objectives.binding import follows_its_loss
from dl.train.names import by_path
from dl.train.quick import jit_quickly
from dl.train.state import TrainState
from dl.train.step import make_train_step
from dl.types import Batch, PyTree

NAME = "gradient"
_ROWS = 4


def gradient(subject: Subject) -> Finding:
    """The gradient of the training step beside central differences of its loss.

    (L(w + h v) − L(w − h v)) / 2h is compared with ∇L · v for directions v in which every leaf of
    the parameters takes part, and for a few single parameters (`dl.checks.differences`). The step
    of training is what is differentiated, hand-written backward passes and all, with dropout and
    noise from one key, on a few examples. It is tried near the first parameters and not at them:
    there, units whose inputs are 0 stand at the kink of a ReLU. In float64 gradient and difference
    may be 10⁻⁴ apart; a model that rounds to less is computed in float32, with 2·10⁻². Source: C1.
    """
    if not follows_its_loss(subject.recipe.objective):
        return not_applicable(NAME, "the objective follows another function than its loss")
    batch = subject.batch(_ROWS)
    state = subject.state_for(batch)  # made here, in the usual types
    try:
        with jax.enable_x64(True):
            function, leaves = _prepare(subject, state, batch, np.float64)
            bits = function.fewest_bits(leaves)
            if bits == 64:
                return _compare(subject, function, leaves, FLOAT64)
        if bits < 32:
            return not_applicable(
                NAME, f"computed in {bits} bits: check it with --precision float32"
            )
        reason = "a model that rounds to it"
    except (TypeError, ValueError, NotImplementedError) as error:
        reason = f"a model that takes no float64 ({first_line(error)[:80]})"
    function, leaves = _prepare(subject, state, batch, np.float32)
    return _compare(subject, function, leaves, FLOAT32._replace(name=f"float32, {reason}"))


class _Problem(NamedTuple):
    """A compiled function of the leaves of parameters, which gives the loss and its gradient."""

    compiled: Any
    state: TrainState
    batch: Batch

    def __call__(self, leaves: list[np.ndarray]) -> tuple[Any, list[Any]]:
        return self.compiled(leaves, self.state, self.batch)

    def fewest_bits(self, leaves: list[np.ndarray]) -> int:
        """The bits of the shortest type to which numbers of float64 are rounded; 64 if none are."""
        traced = self.compiled.trace(leaves, self.state, self.batch).jaxpr.jaxpr
        return min(map(_bits_after, equations(traced, platform=jax.default_backend())))


def _prepare(
    subject: Subject, state: TrainState, batch: Batch, dtype: Any
) -> tuple[_Problem, list[np.ndarray]]:
    """The loss and gradient of the training step in `dtype`, and parameters to try them at."""
    # A mask has few digits, and figures beside the loss use it.
    batch = {**batch, **{name: _as(batch[name], dtype) for name in ("inputs", "targets")}}
    state = _as(state, dtype)
    # Descent at rate 1 goes away from the parameters by the gradient that training would use.
    descent = optax.scale(-1.0)
    state = replace(state, opt_state=descent.init(state.params), average=(), average_state=())
    step = make_train_step(
        subject.recipe.objective,
        descent,
        padded=subject.data.train.pads,
        precision=subject.options.precision,
        remat=subject.options.remat,
    )
    leaves, structure = jax.tree.flatten(state.params)

    @jit_quickly
    def compiled(leaves: list[Any], state: TrainState, batch: Batch) -> tuple[Any, list[Any]]:
        params = jax.tree.unflatten(structure, leaves)
        after, sums = step(replace(state, params=params), batch)
        change = jax.tree.map(jnp.subtract, params, after.params)
        return sums["loss"].sum / sums["loss"].count, jax.tree.leaves(change)

    generator = np.random.default_rng(0)
    near = [_near(np.asarray(leaf), generator) for leaf in leaves]
    return _Problem(compiled, state, batch), near


def _near(leaf: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A leaf moved at random, by 0.01 and a twentieth of its own size."""
    size = 0.01 + 0.05 * float(np.sqrt(np.mean(leaf**2))) if leaf.size else 0.0
    return leaf + (size * generator.standard_normal(leaf.shape)).astype(leaf.dtype)


def _as(tree: PyTree, dtype: Any) -> PyTree:
    """`tree` with its numbers, but not its integers and keys, in another type."""

    def cast(leaf: Any) -> Any:
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    return jax.tree.map(cast, tree)


def _bits_after(equation: Any) -> int:
    """The bits to which an equation rounds an array of real numbers; 64 if it does not."""
    if equation.primitive.name != "convert_element_type" or not equation.invars[0].aval.shape:
        return 64
    before, after = equation.invars[0].aval.dtype, equation.params["new_dtype"]
    real = jnp.issubdtype(before, jnp.floating) and jnp.issubdtype(after, jnp.floating)
    return jnp.finfo(after).bits if real and after.itemsize < before.itemsize else 64


def _compare(
    subject: Subject, function: _Problem, leaves: list[np.ndarray], precision: Precision
) -> Finding:
    loss, slopes = jax.device_get(function(leaves))
    names = list(by_path(subject.state.params))
    if not np.isfinite(loss) or not all(np.isfinite(slope).all() for slope in slopes):
        remedy = "look for a logarithm or a root of 0, or a division by it, and at the inputs"
        return Finding(NAME, "failed", "a loss or gradient that is not finite", "", remedy)
    if not any(slope.any() for slope in slopes):
        return not_applicable(NAME, "all of it is 0 near the first parameters")
    differences = Differences(lambda leaves: function(leaves)[0], leaves, slopes, precision)
    error = differences.worst()
    found = f"{error:.1e} off in {precision.name}"
    expected = f"at most {precision.tolerance:.0e}"
    if error <= precision.tolerance:
        return Finding(NAME, "passed", found, expected, value=error)
    where = [f"{names[leaf]} ({own:.1e})" for leaf, own in differences.wrong_leaves()[:3]]
    remedy = (
        f"look at {', '.join(where) or 'the backward pass'}: a custom_vjp or custom_jvp whose "
        "backward pass is not that of its forward pass, or a stop_gradient"
    )
    return Finding(NAME, "failed", found, expected, remedy, error)
