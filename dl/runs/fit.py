"""Training in one call, for notebooks and scripts; it writes no files."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import jax
import jax.numpy as jnp

from dl.data.dataset import Dataset, DataSpec
from dl.data.example import example_inputs
from dl.data.naming import shown
from dl.data.own_arrays import Pair, as_dataset
from dl.data.sources.items import Items
from dl.errors import InputError
from dl.objectives.binding import task_of
from dl.runs.members import check_members
from dl.runs.resumable import check_resumable, hyperparams
from dl.runs.trained import Trained
from dl.screen import say
from dl.train.compiled import compile_recipe
from dl.train.fits import check_recipe, check_smoothing, zero_training_totals
from dl.train.interrupt import StopRequest, say_stopping
from dl.train.layout import Layout, make_layout
from dl.train.learning import OF_OPTIMIZER
from dl.train.listener import STOP, Listener
from dl.train.live import Shown, follow
from dl.train.loop import train_loop
from dl.train.options import TrainOptions
from dl.train.recipe import Recipe
from dl.train.record import Record, best_step, stops_early
from dl.train.state import first_state
from dl.train.steps_per_call import with_best_steps_per_call
from dl.train.traced import choose_layout
from dl.train.training import Training
from dl.types import ModelState, Params

_TRACED_BY_STEP = ("ema",)
"""The options that are numbers of the step itself, whatever made the recipe."""


def fit(
    recipe: Recipe,
    data: Dataset | Pair | Items,
    options: TrainOptions,
    *,
    resume: Trained | None = None,
    init: tuple[Params, ModelState] | None = None,
    progress: bool = True,
    on_record: Callable[[Record], object] = lambda record: None,
) -> Trained:
    """Train `recipe` on `data` as `options` say, and evaluate on the validation part.

    `data` is a data set, or a pair of arrays (x, y) or an object with items (input, target) as
    `dl.make_dataset` takes them, of which the fraction `options.validation` is held out; its
    targets are read for the task of the objective. A recipe without an optimizer gets the one that
    the options describe; where it has one, the options' optimizer, rate and penalties are not used.
    With several `options.members` as many nets are trained, which differ in their seeds, or in the
    values of `recipe.varied`.

    Ctrl-C (a notebook's stop button) ends training after the current call. `resume` takes a result
    and continues its training, also with more `options.epochs`, exactly as if it had not stopped;
    whatever would change its past is refused. With `options.patience` the result answers with the
    parameters that validated best, and goes on from its last. `init` holds parameters and model
    state to use in place of new ones (see `dl.transfer`).

    `on_record` is called with every record. If it returns `dl.STOP`, training ends after the
    current call, as Ctrl-C ends it: `resume` goes on from there. Whatever else it returns is
    ignored, so that `list.append` and `tqdm.update` may be given.

    Raises:
        InputError: when the recipe does not fit the data or the training to resume, or the options
            do not fit the recipe, the data or the devices.
        RunError: when the loss or the parameters stop being finite.

    >>> import dl
    >>> data, options = dl.load_data("xor"), dl.TrainOptions(epochs=2, batch_size=4, validation=0.0)
    >>> model = dl.models.mlp(1, hidden_sizes=(4,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    >>> dl.fit(recipe, data, options, progress=False).history[-1].step
    2
    >>> def low(record):
    ...     return dl.STOP if record.values["loss"] < 1 else None
    >>> part = dl.fit(recipe, data, options, progress=False, on_record=low)
    >>> part.step, part.interrupted
    (1, True)
    >>> dl.fit(recipe, data, options, progress=False, resume=part).step
    2
    """
    _check_arguments(recipe, options, resume=resume, init=init, on_record=on_record)
    task = task_of(recipe.objective)
    data = as_dataset(data, validation=options.validation, task=task)
    _check_train_examples(options, data)
    options.check_plan(data)
    recipe = _with_hyperparams(recipe, data.spec, options)
    check_members(recipe, data, options)
    if resume is not None:
        check_resumable(resume, recipe, data, options)
    best = _best_so_far(resume, options)
    layout = _layout(recipe, data.spec, options)
    compiled = compile_recipe(recipe, data, options, layout)
    if progress and data.summary:
        say(data.summary)
    earlier = resume.history if resume else []
    with StopRequest(announce=say_stopping) as stop, follow(compiled.plan, show=progress) as shown:
        shown.begin(resume.step if resume else 0, earlier=earlier)
        compiled.compile_ahead()
        training = compiled.start(_first_training(recipe, data, options, resume=resume, init=init))
        _say_unused(recipe, options, training, layout)
        if not options.steps_per_call:
            compiled = with_best_steps_per_call(compiled, training)
        listener = _FitListener(shown, on_record, stop, compiled.layout, best)
        training, records = train_loop(
            compiled,
            training,
            listener,
            history=earlier,
            validates=data.validation is not None,
        )
    training = layout.fetch(training)
    at_end = training.state.steps_made == compiled.plan.total_steps
    done = at_end or stops_early(records, patience=options.patience, stop_below=options.stop_below)
    return Trained(
        recipe,
        data.spec,
        options,
        training.state,
        records,
        pending=training.totals,
        interrupted=not done,
        best=listener.best,
        open_data=lambda: data,
    )


def _layout(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Layout:
    """One device or the mesh that is asked for; a population is split by members."""
    if options.members > 1:
        inputs = example_inputs(spec)
        return choose_layout(options, recipe.model, inputs, one_seed=recipe.is_varied)
    return make_layout(options.parallel, devices=options.devices, batch_size=options.batch_size)


def _with_hyperparams(recipe: Recipe, spec: DataSpec, options: TrainOptions) -> Recipe:
    """`recipe` with an optimizer from the options, if it has none, and with their numbers."""
    if recipe.optimizer is not None:
        numbers = {name: x for name, x in options.traced.items() if name in _TRACED_BY_STEP}
        _check_own_values(recipe)
        return recipe._replace(hyperparams={**numbers, **recipe.hyperparams})

    def remake(hyperparams: Mapping[str, Any]) -> Recipe:
        return replace(options, **hyperparams).with_optimizer(recipe, spec)

    used = (*OF_OPTIMIZER, *_TRACED_BY_STEP)
    numbers = {name: x for name, x in options.traced.items() if name in used}
    for name in recipe.hyperparams:
        if name not in used:
            raise InputError(
                f"{name} cannot vary, because the model and the objective of this recipe are built "
                f"already: vary {', '.join(numbers)}, or take the recipe of an experiment"
            )
    return remake({})._replace(hyperparams={**numbers, **recipe.hyperparams}, remake=remake)


def _check_own_values(recipe: Recipe) -> None:
    """Refuse values for the members that the recipe's own optimizer would not take."""
    lost = [name for name in recipe.of_members if name not in _TRACED_BY_STEP]
    if lost and recipe.remake is None:
        raise InputError(
            f"the recipe's own optimizer has one {lost[0]}: make the recipe without optimizer, so "
            "that its members can have several"
        )


def _check_arguments(recipe: Any, options: Any, *, resume: Any, init: Any, on_record: Any) -> None:
    check_recipe(recipe, by="dl.fit")
    if resume is not None and not isinstance(resume, Trained):
        raise InputError(
            f"resume is {shown(resume)}: give what dl.fit or dl.load returned, or leave it out"
        )
    if init is not None and not (isinstance(init, tuple | list) and len(init) == 2):
        raise InputError(
            f"init is {shown(init)}: give a pair, such as (trained.params, trained.model_state)"
        )
    if not callable(on_record):
        raise InputError(f"on_record is {shown(on_record)}: give a function of a Record")
    if not isinstance(options, TrainOptions):
        raise InputError(
            f"dl.fit takes dl.TrainOptions(epochs=..., ...), not {type(options).__name__}"
        )
    if init is not None and options.members > 1:
        raise InputError("init holds the parameters of a single net: leave members out")
    check_smoothing(recipe.objective, options.label_smoothing, what="the recipe")


def _check_train_examples(options: TrainOptions, data: Dataset) -> None:
    """Refuse a number of training examples that is smaller than what there is."""
    if 0 < options.train_examples < len(data.train):
        raise InputError(
            f"train_examples is {options.train_examples}, and the data have {len(data.train)} "
            "training examples, which dl.fit uses all: give it dl.data.dataset.limit(data, "
            f"train={options.train_examples}), or leave train_examples out"
        )


def _first_training(
    recipe: Recipe,
    data: Dataset,
    options: TrainOptions,
    *,
    resume: Trained | None,
    init: tuple[Params, ModelState] | None,
) -> Training | None:
    """The training to begin with; None for a new state."""
    if resume is not None:
        return Training(resume.state, resume.pending)
    if init is None:
        return None
    state = first_state(recipe, data.spec, options, init=init)
    return Training(state, zero_training_totals(recipe, data.spec, options))


def _best_so_far(resume: Trained | None, options: TrainOptions) -> Training | None:
    """What has validated best in the training to resume, if the new one has patience."""
    if resume is None or not options.patience:
        return None
    step = best_step(resume.history)
    if resume.best is not None or step is None:
        return resume.best
    if step == resume.step:
        return Training(resume.state, resume.pending)
    raise InputError(
        f"the training to resume had no patience, and its best parameters, those of step {step}, "
        "were not kept: leave patience out, or begin a new training"
    )


def _say_unused(recipe: Recipe, options: TrainOptions, training: Training, layout: Layout) -> None:
    """Warn of options that were chosen, and that the recipe's own optimizer decides.

    A recipe that can be made again has its optimizer from the options.
    """
    if recipe.remake is not None:
        return
    chosen = [each.name for each in fields(options) if getattr(options, each.name) != each.default]
    of_recipe = OF_OPTIMIZER if type(options) is TrainOptions else ("learning_rate",)
    unused = [name for name in of_recipe if name in chosen]
    opt_state = layout.fetch(training.state.opt_state)
    used = hyperparams(opt_state).get("learning_rate", options.learning_rate)
    if math.isclose(options.learning_rate, used, rel_tol=1e-6):
        unused = [name for name in unused if name != "learning_rate"]
    if unused:
        named = ", ".join(f"{name} {getattr(options, name)}" for name in unused)
        warnings.warn(
            f"these options have no effect, because the recipe has an optimizer of its own, with "
            f"learning_rate {used:g}: {named}; give them to that one, or make the recipe without "
            "optimizer",
            stacklevel=3,
        )


@dataclass
class _FitListener(Listener):
    """Shows progress, passes records to `on_record`, keeps the best, and stops when asked to."""

    shown: Shown
    heard: Callable[[Record], object]
    stop: StopRequest
    layout: Layout
    best: Training | None
    answered_stop: bool = False

    def on_best(self, training: Training, step: int) -> None:
        # A copy, because the next call takes the memory of the state.
        self.best = jax.tree.map(jnp.copy, self.layout.fetch(training))

    def on_record(self, record: Record) -> None:
        self.shown.record(record)
        if self.heard(record) is STOP:
            self.answered_stop = True

    def on_call(self, step: int) -> None:
        self.shown.advance(step)

    def stop_requested(self) -> bool:
        return self.answered_stop or self.stop.requested
