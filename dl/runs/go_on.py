"""Train a run from its newest checkpoint to its end."""

from dataclasses import asdict, replace
from typing import Any

from dl.errors import InputError
from dl.runs.agreement import check_alike
from dl.runs.checkpoint import Checkpoints
from dl.runs.clock import RunClock, SaveTimer
from dl.runs.files import sealed, write_json
from dl.runs.folder import RunFolder
from dl.runs.group import ALONE, Group
from dl.runs.initial import read_initial
from dl.runs.listener import RunListener
from dl.runs.load import edited_since
from dl.runs.manifest import add_to_manifest
from dl.runs.profile import Profiler
from dl.runs.result import make_result
from dl.runs.setup import Setup
from dl.runs.sinks.sink import Begun
from dl.runs.sinks.sinks import SinkName, open_sinks
from dl.runs.stop_together import StopTogether
from dl.train.interrupt import StopRequest
from dl.train.live import Shown, follow
from dl.train.loop import train_loop
from dl.train.processes import are_first
from dl.train.record import Record, stops_early
from dl.train.steps_per_call import with_best_steps_per_call
from dl.train.training import Training


def go_on(
    setup: Setup,
    *,
    stop: StopRequest,
    show: bool,
    profile: bool = False,
    group: Group = ALONE,
) -> dict[str, Any] | None:
    """Train to the end of the plan, then write and return the result; None if `stop` came first."""
    if group.is_first:
        _note_start(setup)
    folder, clock = setup.folder, RunClock()
    with follow(setup.compiled.plan, show=show) as shown:
        begun = group.share(lambda: "yes" if folder.metrics.exists() else "") == "yes"
        if not begun:
            shown.begin(0)
        setup.compiled.compile_ahead()
        fresh = None if begun else setup.compiled.start(None)
        with _open_checkpoints(setup, group) as checkpoints:
            training, history = _restore(setup, fresh, checkpoints, clock, shown, group)
            setup = _with_steps_per_call(setup, training)
            with (
                Profiler(folder.profile if profile and group.is_first else None) as profiler,
                open_sinks(_sinks_here(setup, group), _begun(setup, history), shown.tell) as sinks,
            ):
                ends = StopTogether(stop, group) if group.count > 1 else stop
                timer = SaveTimer(setup.config.options.checkpoint_minutes)
                listener = RunListener(
                    setup, checkpoints, clock, shown, profiler, ends, sinks, timer
                )
                training, history = _train(setup, training, history, listener)
            checkpoints.wait()
            if not _is_done(setup, training, history):
                return None
            steps = setup.compiled.step_of(training)
            answering = _best(setup, checkpoints, shown) or training
            result = make_result(setup, answering, history, clock, steps=steps)
            if group.is_first:
                write_json(folder.result, sealed(result))
    return result


def _sinks_here(setup: Setup, group: Group) -> tuple[SinkName, ...]:
    return setup.config.log if group.is_first else ()


def _open_checkpoints(setup: Setup, group: Group) -> Checkpoints:
    options, in_epoch = setup.config.options, setup.compiled.plan.steps_per_epoch
    if options.checkpoint_minutes and group.count > 1:
        raise InputError(
            "checkpoint_minutes is for one process, because clocks differ: save by epochs "
            "(--checkpoint-every)"
        )
    every = options.keep_every * in_epoch
    return Checkpoints(setup.folder.checkpoints, keep=options.keep, keep_every=every, group=group)


def _begun(setup: Setup, history: list[Record]) -> Begun:
    config = setup.config
    return Begun(setup.folder.path, config.experiment.name, asdict(config.options), history)


def _note_start(setup: Setup) -> None:
    add_to_manifest(
        setup.folder.manifest,
        fingerprint=setup.data.fingerprint,
        seed=setup.config.options.seed,
        devices=len(setup.compiled.layout.devices),
        origin=setup.config.origin,
    )


def _restore(
    setup: Setup,
    fresh: Training | None,
    checkpoints: Checkpoints,
    clock: RunClock,
    shown: Shown,
    group: Group,
) -> tuple[Training, list[Record]]:
    """The newest intact checkpoint and the records up to it, or a first state and no records.

    The first state is `fresh`, if it was made already.
    """
    folder, compiled = setup.folder, setup.compiled
    restored, damaged = checkpoints.restore_newest(compiled.expected())
    for problem in damaged:
        shown.tell(f"{problem}; it is put aside in {folder.path / 'damaged'}")
    if setup.config.edited:
        shown.tell(edited_since(folder))
    if restored is None:
        first = _first(setup, fresh or compiled.start(None))
        if folder.metrics.exists():
            shown.tell("no intact checkpoint: beginning at step 0")
            shown.begin(0)
        check_alike(group, setup, first)
        return first, _cut_records(folder, -1, group)
    tree, notes = restored
    step = tree.state.steps_made
    if step > compiled.plan.total_steps:
        raise InputError(
            f"{folder.path} has made {step} steps, and {folder.config} asks for "
            f"{compiled.plan.total_steps}: bring its epochs and batch_size back"
        )
    shown.tell(f"going on from step {step} of {compiled.plan.total_steps}")
    history = _cut_records(folder, step, group)
    shown.begin(step, earlier=history)
    clock.add_earlier(notes)
    _tell_missing(folder, history, shown, step=step, epoch=compiled.plan.steps_per_epoch)
    return compiled.start(tree), history


def _cut_records(folder: RunFolder, step: int, group: Group) -> list[Record]:
    """The records up to `step`; process 0 drops the others, which all of them wait for."""
    if group.is_first:
        folder.cut_records(step)
    group.wait()
    return folder.records()


def _tell_missing(
    folder: RunFolder, history: list[Record], shown: Shown, *, step: int, epoch: int
) -> None:
    """Tell when records are lost: every epoch's end makes one."""
    recorded = {record.step for record in history if record.split == "train"}
    ends = range(epoch, step + 1, epoch)
    missing = sum(end not in recorded for end in ends)
    if missing:
        shown.tell(
            f"{folder.metrics} lacks the records of {missing} of {len(ends)} epochs: the run goes "
            "on without them"
        )


def _first(setup: Setup, fresh: Training) -> Training:
    """The training at step 0: `fresh`, or with the parameters from another run."""
    if setup.config.origin is None:
        return fresh
    return setup.compiled.start(
        read_initial(setup.folder, setup.config, setup.compiled.layout.fetch(fresh))
    )


def _with_steps_per_call(setup: Setup, training: Training) -> Setup:
    """`setup` with the steps per call chosen by a trial, unless they are set already."""
    if setup.config.steps_per_call:
        return setup
    compiled = with_best_steps_per_call(setup.compiled, training)
    config = replace(setup.config, steps_per_call=compiled.plan.steps_per_call)
    if are_first():
        config.write(setup.folder.config)
    return replace(setup, compiled=compiled, config=config)


def _train(
    setup: Setup, training: Training, history: list[Record], listener: RunListener
) -> tuple[Training, list[Record]]:
    return train_loop(
        setup.compiled,
        training,
        listener,
        history=history,
        validates=setup.data.validation is not None,
    )


def _best(setup: Setup, checkpoints: Checkpoints, shown: Shown) -> Training | None:
    """The training where it validated best, if the run has patience."""
    if not setup.config.options.patience:
        return None
    restored, damaged = checkpoints.restore_best(setup.compiled.expected())
    for problem in damaged:
        shown.tell(f"{problem}; the result is that of the next best")
    return setup.compiled.start(restored[0]) if restored else None


def _is_done(setup: Setup, training: Training, history: list[Record]) -> bool:
    at_end = setup.compiled.step_of(training) == setup.compiled.plan.total_steps
    plan = setup.compiled.plan
    return at_end or stops_early(history, patience=plan.patience, stop_below=plan.stop_below)
