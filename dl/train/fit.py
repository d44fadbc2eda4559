"""Training in one call, for notebooks and scripts: no files, everything returned."""

from collections.abc import Callable
from dataclasses import dataclass

from dl.data.dataset import Dataset
from dl.train.chunk_steps import measured
from dl.train.compiled import Training, compile_recipe, start_training
from dl.train.interrupt import StopRequest
from dl.train.loop import Record, stops_early, train_loop
from dl.train.options import TrainOptions
from dl.train.parallel import make_layout
from dl.train.progress import Progress
from dl.train.recipe import Recipe
from dl.train.state import TrainState
from dl.types import Metrics, ModelState, Params


@dataclass(frozen=True)
class Fit:
    """What `fit` returns: the state, the records so far, and whether it was stopped before its end."""

    state: TrainState
    history: list[Record]
    interrupted: bool
    pending: Metrics
    """Sums since the last record, so that a resumed fit records what an uninterrupted one would
    have.
    """

    def curve(self, split: str, name: str) -> tuple[list[float], list[float]]:
        """Epochs and values of one metric, ready to plot."""
        records = [record for record in self.history if record.split == split]
        return [record.epoch for record in records], [record.values[name] for record in records]


def fit(
    recipe: Recipe,
    data: Dataset,
    options: TrainOptions,
    *,
    resume: Fit | None = None,
    init: tuple[Params, ModelState] | None = None,
    progress: bool = True,
    on_record: Callable[[Record], None] = lambda record: None,
) -> Fit:
    """Train `recipe` on `data` and evaluate on its validation part, for the epochs, batches and seed
    of `options`.

    Ctrl-C (a notebook's stop button) ends it after the current chunk of steps; `resume=` the result
    goes on from there, or on towards a larger `options.epochs`, as if there had been no pause.
    `init` holds parameters and model state to begin with in place of fresh ones (see
    `dl.transfer`).

    >>> import dl
    >>> data, options = dl.load_data("xor"), dl.TrainOptions(epochs=2, batch_size=4, validation=0.0)
    >>> model = dl.models.mlp(1, hidden_sizes=(4,))
    >>> recipe = dl.Recipe(model, dl.objectives.binary(model), dl.optimizers.sgd(0.5))
    >>> dl.fit(recipe, data, options, progress=False).history[-1].step
    2
    """
    layout = make_layout(options.parallel, devices=options.devices, batch_size=options.batch_size)
    compiled = compile_recipe(recipe, data, options, layout)
    history = resume.history if resume else []
    if resume:
        first = Training(resume.state, resume.pending)
    else:
        first = start_training(recipe, data.spec, options, init=init) if init else None
    training = compiled.start(first)
    if not options.steps_per_call:
        compiled = measured(compiled, training)
    start = int(resume.state.step) if resume else 0
    with (
        StopRequest() as stop,
        Progress(compiled.plan, start=start, batch_size=options.batch_size, show=progress) as shown,
    ):

        def record(new: Record) -> None:
            shown.record(new)
            on_record(new)

        training, records = train_loop(
            compiled,
            training,
            history=history,
            validates=data.validation is not None,
            patience=options.patience,
            batch_size=options.batch_size,
            on_record=record,
            on_chunk=shown.chunk,
            stop=lambda: stop.requested,
        )
    training = compiled.layout.fetch(training)
    step = int(training.state.step)
    done = step == compiled.plan.total_steps or stops_early(records, patience=options.patience)
    return Fit(training.state, records, not done, training.totals)
