"""The lectures' optimizers and schedules by their textbook names, each an Optax transformation.

Every optimizer takes a `learning_rate` (the peak), a `schedule` (a factor on it for each step) and
`weight_decay` (the λ of ½λ‖W‖², B3). Rate and decay are kept in the optimizer's state
(`optax.inject_hyperparams`). They are traced, so that another value does not recompile, and each
member of a population may have its own.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from dl.promotion import promoting
from dl.ranges import Range, check_number
from dl.types import Array, Params, PyTree, Schedule

_SHARE, _NOT_NEGATIVE = Range(at_least=0, below=1), Range(at_least=0)
_POSITIVE, _COUNT = Range(above=0), Range(at_least=1)


def constant() -> Schedule:
    """The factor 1 at every step."""
    return lambda step: jnp.ones_like(step, jnp.float32)


def step_decay(*, every: int, factor: float = 0.1) -> Schedule:
    """factor^⌊step / every⌋.

    >>> [round(float(step_decay(every=10, factor=0.5)(step)), 3) for step in (0, 9, 10, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """
    check_number("every", every, _COUNT, whole=True)
    check_number("factor", factor, _POSITIVE)
    return promoting(lambda step: jnp.asarray(factor, jnp.float32) ** (step // every))


def cosine(*, steps: int, final: float = 0.0) -> Schedule:
    """From 1 to `final` along half a cosine over `steps` steps, then `final`.

    Source: Loshchilov & Hutter 2017.

    >>> [round(float(cosine(steps=10)(step)), 3) for step in (0, 5, 10, 99)]
    [1.0, 0.5, 0.0, 0.0]
    """
    check_number("steps", steps, _COUNT, whole=True)
    check_number("final", final, _NOT_NEGATIVE)
    return promoting(optax.cosine_decay_schedule(1.0, decay_steps=steps, alpha=final))


def warm_up(schedule: Schedule, *, steps: int) -> Schedule:
    """A straight line from 1/steps to 1 over the first `steps` steps, then `schedule` from step 0.

    >>> [round(float(warm_up(constant(), steps=4)(step)), 3) for step in range(5)]
    [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    check_number("steps", steps, _NOT_NEGATIVE, whole=True)
    if steps < 1:
        return schedule

    def warmed(step: Array) -> Array:
        return jnp.where(step < steps, (step + 1) / steps, schedule(jnp.maximum(step - steps, 0)))

    return promoting(warmed)


def one_cycle(
    *, steps: int, rise: float = 0.3, start: float = 0.04, final: float = 1e-4
) -> Schedule:
    """Up from `start` to 1 over the part `rise` of all `steps`, then down to `final`, as cosines.

    `start` and `final` are factors on the peak rate; both ways follow half a cosine. Source: Smith
    & Topin 2018.

    >>> [round(float(one_cycle(steps=100)(step)), 2) for step in (0, 15, 30, 65, 100)]
    [0.04, 0.52, 1.0, 0.5, 0.0]
    """
    check_number("steps", steps, _COUNT, whole=True)
    check_number("rise", rise, Range(at_least=0, at_most=1))
    check_number("start", start, _NOT_NEGATIVE)
    check_number("final", final, _NOT_NEGATIVE)
    top = max(1.0, rise * steps)

    def cycle(step: Array) -> Array:
        rising = start + (1.0 - start) * (0.5 - 0.5 * jnp.cos(jnp.pi * step / top))
        part = jnp.clip((step - top) / max(1.0, steps - top), 0.0, 1.0)
        falling = final + (1.0 - final) * (0.5 + 0.5 * jnp.cos(jnp.pi * part))
        return jnp.where(step < top, rising, falling)

    return promoting(cycle)


def sgd(
    learning_rate: float, *, schedule: Schedule | None = None, weight_decay: float = 0.0
) -> optax.GradientTransformation:
    """w ← w − α ∇L. Source: D1."""
    return _descend(optax.identity(), learning_rate, schedule, weight_decay)


def momentum(
    learning_rate: float,
    *,
    momentum: float = 0.9,
    nesterov: bool = False,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
) -> optax.GradientTransformation:
    """v ← μ v − α ∇L, w ← w + v; with `nesterov` w ← w + μ v − α ∇L. Source: D1.

    The rate scales the gradient before it is accumulated, as in the lecture, so that a falling rate
    does not shrink the velocity that has built up (`optax.sgd` scales afterwards).
    """
    _check_rate(learning_rate, weight_decay)
    check_number("momentum", momentum, _SHARE)

    def build(
        learning_rate: Array, weight_decay: Array, momentum: Array
    ) -> optax.GradientTransformation:
        return optax.chain(
            _decay(weight_decay),
            _rate(learning_rate, schedule),
            optax.trace(momentum, nesterov=nesterov),  # type: ignore[arg-type]
        )

    return _promoting(optax.inject_hyperparams(build)(learning_rate, weight_decay, momentum))


def adagrad(
    learning_rate: float,
    *,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    eps: float = 1e-10,
) -> optax.GradientTransformation:
    """s ← s + g², w ← w − α g / √(s + ε), s from 0. Source: D1, Duchi et al. 2011.

    Optax's own starts at s = 0.1.
    """
    check_number("eps", eps, _POSITIVE)
    return _descend(optax.scale_by_rss(0.0, eps), learning_rate, schedule, weight_decay)


def rmsprop(
    learning_rate: float,
    *,
    decay: float = 0.9,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """s ← ρ s + (1 − ρ) g², w ← w − α g / √(s + ε). Source: D1, Hinton 2012."""
    check_number("decay", decay, _SHARE)
    check_number("eps", eps, _POSITIVE)
    return _descend(optax.scale_by_rms(decay, eps), learning_rate, schedule, weight_decay)


def adadelta(
    learning_rate: float = 1.0,
    *,
    decay: float = 0.95,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    eps: float = 1e-6,
) -> optax.GradientTransformation:
    """Δ = −√(u + ε) / √(s + ε) · g with running means s of g² and u of Δ², w ← w + α Δ.

    Source: D1, Zeiler 2012.
    """
    check_number("decay", decay, _SHARE)
    check_number("eps", eps, _POSITIVE)
    return _descend(optax.scale_by_adadelta(decay, eps), learning_rate, schedule, weight_decay)


def adam(
    learning_rate: float,
    *,
    b1: float = 0.9,
    b2: float = 0.999,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """m, s running means of g, g², bias-corrected: w ← w − α m̂ / (√ŝ + ε).

    Source: D1, Kingma & Ba 2015.
    """
    _check_moments(b1, b2, eps)
    return _descend(optax.scale_by_adam(b1, b2, eps), learning_rate, schedule, weight_decay)


def adamax(
    learning_rate: float,
    *,
    b1: float = 0.9,
    b2: float = 0.999,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """Adam with u ← max(β₂ u, |g|) in place of √ŝ. Source: D1, Kingma & Ba 2015."""
    _check_moments(b1, b2, eps)
    return _descend(optax.scale_by_adamax(b1, b2, eps), learning_rate, schedule, weight_decay)


def clipped(
    optimizer: optax.GradientTransformation, *, norm: float
) -> optax.GradientTransformation:
    """`optimizer` on gradients scaled down to a global norm of at most `norm`. Source: G2."""
    check_number("norm", norm, _POSITIVE)
    return optax.chain(optax.clip_by_global_norm(norm), optimizer)


def with_hyperparams(opt_state: PyTree, **values: float) -> PyTree:
    """The optimizer state with another `learning_rate`, `weight_decay` or `momentum`.

    The compiled step stays the same.

    >>> opt_state = sgd(0.1).init({"w": jnp.zeros(2)})
    >>> float(with_hyperparams(opt_state, learning_rate=0.5).hyperparams["learning_rate"])
    0.5
    """
    return optax.tree_utils.tree_set(
        opt_state, **{name: jnp.float32(value) for name, value in values.items()}
    )


def _descend(
    direction: optax.GradientTransformation,
    learning_rate: float,
    schedule: Schedule | None,
    weight_decay: float,
) -> optax.GradientTransformation:
    """The step against `direction` of the gradient, at the scheduled rate."""
    _check_rate(learning_rate, weight_decay)

    def build(learning_rate: Array, weight_decay: Array) -> optax.GradientTransformation:
        return optax.chain(_decay(weight_decay), direction, _rate(learning_rate, schedule))

    return _promoting(optax.inject_hyperparams(build)(learning_rate, weight_decay))


def _promoting(optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    """`optimizer` under JAX's usual rules of promotion, which Optax needs."""
    return optax.GradientTransformation(promoting(optimizer.init), promoting(optimizer.update))


def _check_rate(learning_rate: float, weight_decay: float) -> None:
    # A rate of 0 trains nothing, which a test or a search may want; a schedule is Optax's own way.
    for name, value in (("learning_rate", learning_rate), ("weight_decay", weight_decay)):
        if not callable(value):
            check_number(name, value, _NOT_NEGATIVE)


def _check_moments(b1: float, b2: float, eps: float) -> None:
    check_number("b1", b1, _SHARE)
    check_number("b2", b2, _SHARE)
    check_number("eps", eps, _POSITIVE)


def _rate(learning_rate: Array, schedule: Schedule | None) -> optax.GradientTransformation:
    scale: Callable = optax.scale
    return optax.chain(optax.scale_by_schedule(schedule or constant()), scale(-learning_rate))


def _decay(weight_decay: Array) -> optax.GradientTransformation:
    decay: Callable = optax.add_decayed_weights
    return decay(weight_decay, mask=_is_weight)


def _is_weight(params: Params) -> PyTree:
    """True for W, False for b: the penalty of B3 is on weights alone."""
    return jax.tree.map(lambda leaf: leaf.ndim > 1, params)
