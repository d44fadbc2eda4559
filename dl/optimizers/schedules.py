"""Schedules: functions from a step to a factor on the learning rate, 1 at the peak."""

import jax.numpy as jnp
import optax

from dl.promotion import promoting
from dl.ranges import Range, check_number
from dl.types import Array, Schedule

_NOT_NEGATIVE, _POSITIVE, _COUNT = Range(at_least=0), Range(above=0), Range(at_least=1)


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
