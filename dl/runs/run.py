"""A run from its first step to its result, through any number of interruptions."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dl.data.dataset import Dataset
from dl.data.load import absolute, load_data
from dl.errors import RunError
from dl.runs.checkpoint import Checkpoints
from dl.runs.experiment import Experiment
from dl.runs.files import append_line, read_json, write_json
from dl.runs.folder import Config, RunFolder, make_folder, new_folder, open_folder
from dl.runs.lock import locked
from dl.runs.manifest import add_to_manifest, device_name, first_fingerprint
from dl.runs.profile import Profiler
from dl.train.chunk_steps import measured
from dl.train.compile_clock import CompileClock
from dl.train.compiled import Compiled, Parts, Training, compile_parts, example_inputs
from dl.train.interrupt import StopRequest
from dl.train.loop import Record, stops_early, train_loop
from dl.train.options import TrainOptions
from dl.train.parallel import make_layout
from dl.train.progress import Progress
from dl.train.state import count_parameters
from dl.train.traced import choose_layout


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its folder, and its result, which is None when a signal stopped it."""

    folder: RunFolder
    result: dict[str, Any] | None


@dataclass(frozen=True)
class _Setup:
    """One start of a run: everything that is set up anew each time."""

    folder: RunFolder
    config: Config
    data: Dataset
    parts: Parts
    compiled: Compiled


def start_run(
    experiment: Experiment,
    options: TrainOptions,
    *,
    run_dir: str | Path | None = None,
    stop: StopRequest,
    show: bool = True,
    profile: bool = False,
    on_start: Callable[[RunFolder, Config], None] = lambda folder, config: None,
) -> Outcome:
    """Run `experiment` in a new folder; `on_start` hears of the folder once it is made. `profile` traces some steps.

    All that can be wrong with the input is found before the folder is made.

    Raises:
        InputError: for options, data or a folder that cannot be used.
        RunError: when training fails; what was saved is kept.
    """
    folder = new_folder(experiment, options.seed, run_dir)
    options = replace(options, dataset=absolute(options.dataset))
    data, parts, compiled = _set_up(experiment, options)
    layout = compiled.layout
    config = Config(experiment, options, options.scan_steps, layout.mode, len(layout.devices), data.spec)
    folder = make_folder(folder, chosen=run_dir is None)
    with locked(folder.path):
        config.write(folder)
        on_start(folder, config)
        return _go_on(_Setup(folder, config, data, parts, compiled), stop=stop, show=show, profile=profile)


def resume_run(run: str | Path, *, stop: StopRequest, show: bool = True) -> Outcome:
    """Go on with a run from its newest intact checkpoint, or from step 0 where there is none yet.

    Raises:
        InputError: when the folder is no run, or its checkpoint does not fit.
        RunError: when the data are not those that the run began with.
    """
    folder, config = open_folder(run)
    if folder.is_finished:
        return Outcome(folder, read_json(folder.result))
    with locked(folder.path):
        data, parts, compiled = _set_up(config.experiment, config.options, config)
        check_same_data(folder, data)
        return _go_on(_Setup(folder, config, data, parts, compiled), stop=stop, show=show)


def open_data(options: TrainOptions) -> Dataset:
    """The data set that `options` name, cut as they say."""
    from dl.data.dataset import limit

    size = (options.image_size, options.image_size) if options.image_size else None
    data = load_data(options.dataset, validation=options.validation, image_size=size)
    return limit(data, train=options.train_examples) if options.train_examples else data


def _set_up(
    experiment: Experiment, options: TrainOptions, config: Config | None = None
) -> tuple[Dataset, Parts, Compiled]:
    """Data, parts and compiled functions, as first chosen when `config` is given."""
    data = open_data(options)
    if config:
        layout = make_layout(config.parallel, devices=config.devices, batch_size=options.batch_size)
    else:
        layout = choose_layout(options, experiment.build(options, data.spec).model, example_inputs(data.spec))
    parts = experiment.build(options, data.spec, axis_name=layout.axis_name)
    chunk_steps = config.chunk_steps if config else 0
    return data, parts, compile_parts(parts, data, options, layout, chunk_steps=chunk_steps)


def check_same_data(folder: RunFolder, data: Dataset) -> None:
    """Raise a `RunError` unless the data are, bit for bit, those that the run began with."""
    before = first_fingerprint(folder.manifest) or data.fingerprint
    if before != data.fingerprint:
        raise RunError(
            f"{data.spec.name} has changed since the run began (fingerprint {before[:8]}, now {data.fingerprint[:8]}): "
            f"bring the old data back, or start a new run"
        )


def _go_on(setup: _Setup, *, stop: StopRequest, show: bool, profile: bool = False) -> Outcome:
    """Train from where the folder's checkpoints are to the end, and write the result."""
    folder, compiled, options = setup.folder, setup.compiled, setup.config.options
    add_to_manifest(
        folder.manifest,
        fingerprint=setup.data.fingerprint,
        seed=options.seed,
        devices=len(compiled.layout.devices),
    )
    clock = _Clock()
    with Checkpoints(folder.checkpoints, keep=options.keep) as checkpoints:
        training, history = _restore(setup, checkpoints, clock)
        setup = _with_chunk_steps(setup, training)
        compiled = setup.compiled
        with Profiler(folder.profile if profile else None) as profiler:
            training, history = _train(setup, training, history, checkpoints, clock, profiler, stop=stop, show=show)
        checkpoints.wait()
        step = int(compiled.layout.fetch(training.state.step))
        done = step == compiled.plan.total_steps or stops_early(history, patience=options.patience)
        if not done:
            return Outcome(folder, None)
        result = _result(setup, training, history, clock)
        write_json(folder.result, result)
    return Outcome(folder, result)


def _with_chunk_steps(setup: _Setup, training: Training) -> _Setup:
    """`setup` with the steps a call measured, and stored, unless they were given or measured before."""
    if setup.config.chunk_steps:
        return setup
    compiled = measured(setup.compiled, training)
    config = replace(setup.config, chunk_steps=compiled.plan.chunk_steps)
    config.write(setup.folder)
    return replace(setup, compiled=compiled, config=config)


def _restore(setup: _Setup, checkpoints: Checkpoints, clock: "_Clock") -> tuple[Training, list[Record]]:
    """The newest intact checkpoint and the records up to it; step 0 and none where there is no checkpoint."""
    folder, compiled = setup.folder, setup.compiled
    fresh = compiled.start(None)
    found, damaged = checkpoints.restore_newest(compiled.layout.fetch(fresh))
    for what in damaged:
        print(f"{what}; it is put aside in {folder.path / 'damaged'}", file=sys.stderr)
    if found is None:
        if folder.metrics.exists():
            print("no intact checkpoint: beginning at step 0", file=sys.stderr)
        return fresh, folder.cut_records(-1)
    tree, notes = found
    print(f"going on from step {int(tree.state.step)} of {compiled.plan.total_steps}", file=sys.stderr)
    clock.before = notes["wall_seconds"]
    clock.compiled_before = notes["compile_seconds"]
    history = folder.cut_records(int(tree.state.step))
    return compiled.start(tree), history


def _train(
    setup: _Setup,
    training: Training,
    history: list[Record],
    checkpoints: Checkpoints,
    clock: "_Clock",
    profiler: Profiler,
    *,
    stop: StopRequest,
    show: bool,
) -> tuple[Training, list[Record]]:
    folder, compiled, options = setup.folder, setup.compiled, setup.config.options
    last_loss: dict[int, float] = {}

    def checkpoint(training: Training, step: int) -> None:
        checkpoints.save(step, compiled.layout.fetch(training), notes=clock.notes(), loss=last_loss.get(step))

    start = int(compiled.layout.fetch(training.state.step))
    with Progress(compiled.plan, start=start, batch_size=options.batch_size, show=show) as shown:

        def record(new: Record) -> None:
            _append(folder.metrics, new)
            shown.record(new)
            if new.split == "validation":
                last_loss[new.step] = new.values["loss"]

        def chunk(step: int) -> None:
            shown.chunk(step)
            profiler.chunk(step)

        return train_loop(
            compiled,
            training,
            history=history,
            validates=setup.data.validation is not None,
            patience=options.patience,
            batch_size=options.batch_size,
            on_record=record,
            on_chunk=chunk,
            on_checkpoint=checkpoint,
            stop=lambda: stop.requested,
        )


def _append(path: Path, record: Record) -> None:
    try:
        append_line(path, record.as_json())
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror}; earlier checkpoints are kept") from error


def _result(setup: _Setup, training: Training, history: list[Record], clock: "_Clock") -> dict[str, Any]:
    """The final figures; the only look that a run takes at the test part."""
    compiled, data = setup.compiled, setup.data
    state = compiled.layout.fetch(training.state)
    figures: dict[str, dict[str, float]] = {}
    for part in ("validation", "test") if data.validation is not None else ("test",):
        figures[part] = compiled.evaluate(training.state, part)
    if setup.config.experiment.conclude is not None:
        figures |= setup.config.experiment.conclude(state.params, data)
    rates = sorted(record.examples_per_second for record in history if record.examples_per_second)
    return {
        "experiment": setup.config.experiment.name,
        "metrics": figures,
        "wall_seconds": clock.notes()["wall_seconds"],
        "compile_seconds": clock.notes()["compile_seconds"],
        "examples_per_second": rates[len(rates) // 2] if rates else None,
        "parameters": count_parameters(state.params),
        "device": device_name(),
        "steps": int(state.step),
    }


class _Clock:
    """Wall and compile seconds over all starts of a run."""

    def __init__(self) -> None:
        self.before = 0.0
        self.compiled_before = 0.0
        self._since = time.perf_counter()
        self._compiling = CompileClock()

    def notes(self) -> dict[str, float]:
        """Seconds so far, as checkpoints and results keep them."""
        return {
            "wall_seconds": round(self.before + time.perf_counter() - self._since, 3),
            "compile_seconds": round(self.compiled_before + self._compiling.seconds, 3),
        }
