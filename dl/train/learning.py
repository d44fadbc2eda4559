"""The options that say how a net learns: optimizer, schedule, penalties, precision.

Every experiment has them, each with its own defaults. `make_optimizer` turns them into one Optax
transformation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from dl.errors import InputError, did_you_mean
from dl.ranges import (
    TRACED,
    CountOrZero,
    Range,
    Rate,
    Share,
    is_traced,
    is_zero,
    traced_options,
)

if TYPE_CHECKING:  # Optax takes a second to load, and the runner's help must not wait
    import optax

    from dl.types import Schedule

OptimizerName: TypeAlias = Literal[
    "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adadelta", "adam", "adamax"
]
ScheduleName: TypeAlias = Literal["constant", "step", "cosine", "one-cycle", "warm-up", "plateau"]
Precision: TypeAlias = Literal["float32", "bfloat16"]
OF_OPTIMIZER = (
    "optimizer",
    "learning_rate",
    "momentum",
    "schedule",
    "warm_up",
    "final_rate",
    "drop_every",
    "drop_factor",
    "weight_decay",
    "l1",
    "decoupled",
    "clip",
)
"""The options that make the optimizer."""


@dataclass(frozen=True)
class LearningFields:
    """How a net learns; `TrainOptions` inherits these beside its own fields."""

    optimizer: OptimizerName = "sgd"
    """Rule of the updates."""
    learning_rate: Annotated[float, Range(above=0), TRACED] = 0.1
    """Learning rate, or its peak when a schedule is used."""
    momentum: Rate = 0.9
    """Fraction of the velocity that momentum and nesterov keep from step to step."""
    schedule: ScheduleName = "constant"
    """How the rate changes: at a constant value, in steps down, along half a cosine, up and down
    (one-cycle), up and then constant (warm-up), or down when the training loss stalls (plateau).
    """
    warm_up: CountOrZero = 0
    """Steps over which the rate rises at first; the schedule warm-up takes a tenth of all for 0."""
    final_rate: Share = 0.0
    """Rate at the end of a cosine, as a share of the peak."""
    drop_every: CountOrZero = 0
    """Epochs from one drop of the rate to the next (step), or without a lower loss before a drop
    (plateau); 0 takes a third of all epochs.
    """
    drop_factor: Annotated[float, Range(above=0, below=1)] = 0.1
    """Factor on the rate at each drop."""
    weight_decay: Annotated[float, Range(at_least=0), TRACED] = 0.0
    """λ of the penalty ½λ‖W‖² on weights."""
    l1: Annotated[float, Range(at_least=0), TRACED] = 0.0
    """λ of the penalty λ Σ|w| on weights."""
    decoupled: bool = False
    """Let the penalties shrink the weights beside the optimizer's step, as AdamW does."""
    clip: Annotated[float, Range(at_least=0), TRACED] = 0.0
    """Largest norm of the gradient; 0 does not clip."""
    label_smoothing: Rate = 0.0
    """Share of the target that is spread evenly over all classes in training."""
    ema: Rate = 0.0
    """Share that a running mean of the parameters keeps at each step; evaluations and predictions
    use this mean. 0 uses the parameters themselves.
    """
    average_from: Share = 0.0
    """Share of the steps after which the mean of the parameters of all later steps is kept, of
    batch norm's statistics too; evaluations and predictions use this mean. 0 keeps none.
    """
    accumulate: Annotated[int, Range(at_least=1)] = 1
    """Micro-batches that a batch is computed in, one after the other, to save memory."""
    precision: Precision = "float32"
    """Type of the numbers that layers compute with; recurrent layers multiply in it. Parameters
    are always float32.
    """
    remat: bool = False
    """Save memory: compute the blocks of a net again in the backward pass, and keep only what they
    read.
    """
    nonfinite: Literal["fail", "skip"] = "fail"
    """At a loss or gradient that is not finite, end the training, or skip the step."""
    most_skipped: Annotated[int, Range(at_least=1, below=2**31)] = 10
    """Steps in a row that may be skipped; more end the training."""

    def check_learning(self) -> None:
        """Raise an `InputError` for options that contradict each other, or have no effect."""
        for name, (holds, needs) in _needs(self).items():
            default = type(self).__dataclass_fields__[name].default
            if not holds and not is_traced(getattr(self, name)) and getattr(self, name) != default:
                raise InputError(f"{name} has no effect here: it needs {needs}")
        if self.average_from and not is_zero(self.ema):
            raise InputError(
                f"average_from is {self.average_from} and ema is {self.ema}: a training keeps one "
                "mean of its parameters, so leave one of them out"
            )

    @property
    def skips_at_most(self) -> int | None:
        """Steps in a row that may be skipped; None if none is skipped."""
        return self.most_skipped if self.nonfinite == "skip" else None

    @property
    def of_step(self) -> dict[str, Any]:
        """Options that `make_train_step` takes under the same names, and that are not traced."""
        return {
            "accumulate": self.accumulate,
            "precision": self.precision,
            "remat": self.remat,
            "most_skipped": self.skips_at_most,
        }

    @property
    def traced(self) -> dict[str, float]:
        """The options that compiled programs take as arguments, with their values.

        A feature that is left out, with the value 0, is not in the program.
        """
        values = {name: getattr(self, name) for name in traced_options(type(self))}
        return {name: x for name, x in values.items() if name not in self.idle and not is_zero(x)}

    @property
    def idle(self) -> frozenset[str]:
        """The options that have no effect beside the others, such as a momentum with Adam."""
        return frozenset(name for name, (holds, _) in _needs(self).items() if not holds)


def _needs(options: LearningFields) -> dict[str, tuple[bool, str]]:
    """For options that act beside certain others only: whether they do, and what they need."""
    drops = options.schedule in ("step", "plateau")
    penalised = not (is_zero(options.weight_decay) and is_zero(options.l1))
    before_it = options.schedule != "one-cycle"
    velocity = options.optimizer in ("momentum", "nesterov")
    return {
        "momentum": (velocity, "the optimizer momentum or nesterov"),
        "warm_up": (before_it, "another schedule than one-cycle, which rises by itself"),
        "final_rate": (options.schedule == "cosine", "the schedule cosine"),
        "drop_every": (drops, "the schedule step or plateau"),
        "drop_factor": (drops, "the schedule step or plateau"),
        "most_skipped": (options.nonfinite == "skip", "nonfinite skip"),
        "decoupled": (penalised, "a penalty: give weight_decay, such as 0.01"),
    }


def make_optimizer(
    options: LearningFields, *, steps: int, steps_per_epoch: int
) -> "optax.GradientTransformation":
    """The optimizer that `options` describe, for a training of so many `steps`.

    >>> options = LearningFields(optimizer="adam", learning_rate=1e-3, schedule="cosine", clip=1.0)
    >>> optimizer = make_optimizer(options, steps=1000, steps_per_epoch=100)
    >>> opt_state = optimizer.init({"w": jnp.zeros((2, 2))})
    """
    from dl import optimizers

    rule, extra = _rule(options)
    optimizer = rule(
        options.learning_rate,
        schedule=_schedule(options, steps, steps_per_epoch),
        weight_decay=options.weight_decay,
        l1=options.l1,
        decoupled=options.decoupled,
        **extra,
    )
    if options.schedule == "plateau":
        optimizer = optimizers.slowed_on_plateau(
            optimizer,
            every=steps_per_epoch,
            patience=_epochs_of_a_drop(options, steps, steps_per_epoch),
            factor=options.drop_factor,
        )
    if is_zero(options.clip):
        return optimizer
    return optimizers.clipped(optimizer, norm=_norm(options.clip))


def check_varied(options: LearningFields, varied: Mapping[str, Sequence[float]]) -> None:
    """Raise an `InputError` for options that members cannot have their own values of.

    >>> check_varied(LearningFields(), {"momentum": (0.5, 0.9)})
    Traceback (most recent call last):
    dl.errors.InputError: momentum has no effect here: it needs the optimizer momentum or nesterov
    """
    known, needs = traced_options(type(options)), _needs(options)
    for name, values in varied.items():
        if name not in known:
            raise InputError(
                f"{name} cannot differ between the members of a population, because it decides "
                f"what is compiled: {did_you_mean(name, known)}"
            )
        if name in needs and not needs[name][0]:
            raise InputError(f"{name} has no effect here: it needs {needs[name][1]}")
        for value in values:
            replace(options, **{name: value})  # refuses what is out of range


def _rule(options: LearningFields) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The function of `dl.optimizers`, and what it takes that others do not."""
    from dl import optimizers

    if options.optimizer in ("momentum", "nesterov"):
        nesterov = options.optimizer == "nesterov"
        return optimizers.momentum, {"momentum": options.momentum, "nesterov": nesterov}
    return getattr(optimizers, options.optimizer), {}


def _norm(clip: Any) -> Any:
    """The largest norm; where it is traced, the 0 of a member means that nothing is clipped."""
    if not is_traced(clip):
        return clip
    import jax.numpy as jnp

    return jnp.where(clip > 0, clip, jnp.inf)


def _schedule(options: LearningFields, steps: int, steps_per_epoch: int) -> "Schedule":
    """The factor on the rate; a warm-up comes before what it is given."""
    from dl import optimizers

    rising = options.warm_up
    if options.schedule == "warm-up" and not rising:
        rising = max(1, steps // 10)
    if options.schedule == "one-cycle":
        return optimizers.one_cycle(steps=steps)
    if options.schedule == "cosine":
        left = max(1, steps - rising)
        after = optimizers.cosine(steps=left, final=options.final_rate)
    elif options.schedule == "step":
        every = _epochs_of_a_drop(options, steps, steps_per_epoch) * steps_per_epoch
        after = optimizers.step_decay(every=every, factor=options.drop_factor)
    else:
        after = optimizers.constant()
    return optimizers.warm_up(after, steps=rising)


def _epochs_of_a_drop(options: LearningFields, steps: int, steps_per_epoch: int) -> int:
    return options.drop_every or max(1, steps // steps_per_epoch // 3)
