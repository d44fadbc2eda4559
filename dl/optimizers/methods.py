"""The optimizers of D1 by their textbook names.

All of them take the same four options: a `schedule`, `weight_decay` and `l1`, the λ of the
penalties ½λ‖W‖² and λ Σ|w| on weights (B3), and `decoupled`. Penalties are part of the gradient,
and so pass through the optimizer, or, when `decoupled`, shrink the weights beside its step:
w ← w + Δ − α (λ₂ w + λ₁ sign(w)) (Loshchilov & Hutter 2019; with Adam it is AdamW).
"""

from collections.abc import Callable

import optax

from dl.optimizers.penalties import NOT_NEGATIVE, beside, check_penalties, penalties
from dl.optimizers.schedules import constant
from dl.promotion import promoting
from dl.ranges import Range, check_number
from dl.types import Array, Schedule

_SHARE, _POSITIVE = Range(at_least=0, below=1), Range(above=0)


def sgd(
    learning_rate: float,
    *,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
) -> optax.GradientTransformation:
    """w ← w − α ∇L. Source: D1."""
    return _descend(optax.identity(), learning_rate, schedule, weight_decay, l1, decoupled)


def momentum(
    learning_rate: float,
    *,
    momentum: float = 0.9,
    nesterov: bool = False,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
) -> optax.GradientTransformation:
    """v ← μ v − α ∇L, w ← w + v; with `nesterov` w ← w + μ v − α ∇L. Source: D1.

    The rate scales the gradient before it is accumulated, as in the lecture, so that a falling rate
    does not shrink the velocity that has built up (`optax.sgd` scales afterwards).
    """
    _check_rate(learning_rate, weight_decay, l1)
    check_number("momentum", momentum, _SHARE)

    def build(
        learning_rate: Array, weight_decay: Array, momentum: Array
    ) -> optax.GradientTransformation:
        penalty, rate = penalties(weight_decay, l1), _rate(learning_rate, schedule)
        velocity = optax.trace(momentum, nesterov=nesterov)  # type: ignore[arg-type]
        if decoupled:
            return beside(optax.chain(rate, velocity), penalty, rate)
        return optax.chain(penalty, rate, velocity)

    return _promoting(optax.inject_hyperparams(build)(learning_rate, weight_decay, momentum))


def adagrad(
    learning_rate: float,
    *,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
    eps: float = 1e-10,
) -> optax.GradientTransformation:
    """s ← s + g², w ← w − α g / √(s + ε), s from 0. Source: D1, Duchi et al. 2011.

    Optax's own starts at s = 0.1.
    """
    check_number("eps", eps, _POSITIVE)
    direction = optax.scale_by_rss(0.0, eps)
    return _descend(direction, learning_rate, schedule, weight_decay, l1, decoupled)


def rmsprop(
    learning_rate: float,
    *,
    decay: float = 0.9,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """s ← ρ s + (1 − ρ) g², w ← w − α g / √(s + ε). Source: D1, Hinton 2012."""
    check_number("decay", decay, _SHARE)
    check_number("eps", eps, _POSITIVE)
    direction = optax.scale_by_rms(decay, eps)
    return _descend(direction, learning_rate, schedule, weight_decay, l1, decoupled)


def adadelta(
    learning_rate: float = 1.0,
    *,
    decay: float = 0.95,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
    eps: float = 1e-6,
) -> optax.GradientTransformation:
    """Δ = −√(u + ε) / √(s + ε) · g with running means s of g² and u of Δ², w ← w + α Δ.

    Source: D1, Zeiler 2012.
    """
    check_number("decay", decay, _SHARE)
    check_number("eps", eps, _POSITIVE)
    direction = optax.scale_by_adadelta(decay, eps)
    return _descend(direction, learning_rate, schedule, weight_decay, l1, decoupled)


def adam(
    learning_rate: float,
    *,
    b1: float = 0.9,
    b2: float = 0.999,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """m, s running means of g, g², bias-corrected: w ← w − α m̂ / (√ŝ + ε).

    Source: D1, Kingma & Ba 2015.
    """
    _check_moments(b1, b2, eps)
    direction = optax.scale_by_adam(b1, b2, eps)
    return _descend(direction, learning_rate, schedule, weight_decay, l1, decoupled)


def adamax(
    learning_rate: float,
    *,
    b1: float = 0.9,
    b2: float = 0.999,
    schedule: Schedule | None = None,
    weight_decay: float = 0.0,
    l1: float = 0.0,
    decoupled: bool = False,
    eps: float = 1e-8,
) -> optax.GradientTransformation:
    """Adam with u ← max(β₂ u, |g|) in place of √ŝ. Source: D1, Kingma & Ba 2015."""
    _check_moments(b1, b2, eps)
    direction = optax.scale_by_adamax(b1, b2, eps)
    return _descend(direction, learning_rate, schedule, weight_decay, l1, decoupled)


def _descend(
    direction: optax.GradientTransformation,
    learning_rate: float,
    schedule: Schedule | None,
    weight_decay: float,
    l1: float,
    decoupled: bool,
) -> optax.GradientTransformation:
    """The step against `direction` of the gradient, at the scheduled rate."""
    _check_rate(learning_rate, weight_decay, l1)

    def build(learning_rate: Array, weight_decay: Array) -> optax.GradientTransformation:
        penalty, rate = penalties(weight_decay, l1), _rate(learning_rate, schedule)
        if decoupled:
            return beside(optax.chain(direction, rate), penalty, rate)
        return optax.chain(penalty, direction, rate)

    return _promoting(optax.inject_hyperparams(build)(learning_rate, weight_decay))


def _promoting(optimizer: optax.GradientTransformation) -> optax.GradientTransformation:
    """`optimizer` under JAX's usual rules of promotion, which Optax needs."""
    return optax.GradientTransformation(promoting(optimizer.init), promoting(optimizer.update))


def _check_rate(learning_rate: float, weight_decay: float, l1: float) -> None:
    # A rate of 0 trains nothing, which a test or a search may want; a schedule is Optax's own way.
    if not callable(learning_rate):
        check_number("learning_rate", learning_rate, NOT_NEGATIVE)
    check_penalties(weight_decay, l1)


def _check_moments(b1: float, b2: float, eps: float) -> None:
    check_number("b1", b1, _SHARE)
    check_number("b2", b2, _SHARE)
    check_number("eps", eps, _POSITIVE)


def _rate(learning_rate: Array, schedule: Schedule | None) -> optax.GradientTransformation:
    scale: Callable = optax.scale
    return optax.chain(optax.scale_by_schedule(schedule or constant()), scale(-learning_rate))
