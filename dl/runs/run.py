"""Start and resume runs."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from dl.data.dataset import Dataset
from dl.data.load import absolute
from dl.errors import InputError, RunError, first_line
from dl.runs.agreement import digest_of, facts_of_start, made_by_all
from dl.runs.config import Config
from dl.runs.experiment import Experiment
from dl.runs.folder import RunFolder, make_folder, new_folder, open_folder
from dl.runs.group import ALONE, Group
from dl.runs.initial import Initial, take_initial, write_initial
from dl.runs.kinds import Session, Varied, kind_of
from dl.runs.load import damage_of_end
from dl.runs.lock import locked
from dl.runs.open_data import check_same_data
from dl.runs.setup import Setup
from dl.runs.shipped import refuse_to_write
from dl.runs.sinks.sinks import choose_sinks
from dl.runs.stored import read_result, read_starts
from dl.screen import say
from dl.train.interrupt import StopRequest


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its folder, and its result, which is None when a signal stopped it."""

    folder: RunFolder
    result: dict[str, Any] | None


def start_run(
    experiment: Experiment,
    options: Any,
    *,
    run_dir: str | Path | None = None,
    init_from: str | Path | None = None,
    init_checkpoint: Literal["last", "best"] | None = None,
    freeze: Sequence[str] = (),
    varied: Varied | None = None,
    log: Sequence[str] = (),
    stop: StopRequest,
    show: bool = True,
    profile: bool = False,
    group: Group = ALONE,
    on_start: Callable[[RunFolder, Config], None] = lambda folder, config: None,
) -> Outcome:
    """Run `experiment` in a new folder; `on_start` is called once the folder is made.

    With `init_from` it begins with another run's parameters (see `take_initial`); layers that match
    the names and globs in `freeze` are not trained. `varied` has the hyper-parameters in which the
    members of a population differ. `profile` traces some steps. `log` names where records go beside
    metrics.jsonl (`dl.runs.sinks`), now and when the run is resumed. Of the processes of a `group`
    all train, and process 0 writes.

    All input is checked before the folder is made.

    Raises:
        InputError: for options, data or a folder that cannot be used.
        RunError: when training fails; what was saved is kept.
    """

    def prepare() -> _Prepared:
        return _prepare(
            experiment, options, run_dir, init_from, init_checkpoint, freeze, varied or {}, log,
            profile, group,
        )  # fmt: skip

    folder, config, data, compiled, initial = made_by_all(
        group, prepare, lambda made: facts_of_start(experiment, made.config.options, made.data)
    )
    made = group.share(lambda: str(make_folder(folder.path, chosen=run_dir is None)))
    folder = RunFolder(Path(made))
    with locked(folder.path) if group.is_first else contextlib.nullcontext():
        if group.is_first:
            if initial:
                write_initial(folder, initial)
            config.write(folder.config)
        group.wait()
        on_start(folder, config)
        if show and data.summary:
            say(data.summary)
        setup = Setup(folder, config, data, compiled)
        return Outcome(folder, kind_of(experiment).work(setup, Session(stop, show, profile, group)))


class _Prepared(NamedTuple):
    """What a new run begins with; nothing is written yet."""

    folder: RunFolder
    config: Config
    data: Dataset
    compiled: Any
    initial: Initial | None


def _prepare(
    experiment: Experiment,
    options: Any,
    run_dir: str | Path | None,
    init_from: str | Path | None,
    init_checkpoint: Literal["last", "best"] | None,
    freeze: Sequence[str],
    varied: Varied,
    log: Sequence[str],
    profile: bool,
    group: Group,
) -> _Prepared:
    folder = new_folder(experiment, options.seed, run_dir)
    options = replace(options, dataset=absolute(options.dataset))
    kind = kind_of(experiment)
    if not kind.trains and (init_from or freeze or profile or log):
        raise InputError(
            f"{experiment.name} trains no net: leave --init-from, --freeze, --profile and --log out"
        )
    sinks = choose_sinks(log)
    if init_from and kind.trains and options.members > 1:
        raise InputError("--init-from is for a single net: leave --members out")
    if group.count > 1:
        _check_several(experiment, options.members)
    config, data, compiled = kind.prepare(experiment, options, freeze=freeze, varied=varied)
    config, initial = replace(config, log=sinks), None
    if init_from is not None:
        initial = take_initial(
            init_from, experiment, options, data.spec, checkpoint=init_checkpoint
        )
        config = replace(config, origin=initial.origin)
    return _Prepared(folder, config, data, compiled, initial)


def _check_several(experiment: Experiment, members: int) -> None:
    """Refuse what does not train in several processes."""
    if experiment.count is not None:
        raise InputError(f"{experiment.name} counts in one process: start one")
    if members > 1:
        raise InputError(f"{members} members train in one process: start one")


def resume_run(
    run: str | Path,
    *,
    stop: StopRequest,
    show: bool = True,
    package: str = "experiments",
    group: Group = ALONE,
    devices: int = 0,
) -> Outcome:
    """Resume a run from its newest intact checkpoint, or from step 0 if it has none yet.

    Of a finished run the end is made again if its checkpoint cannot be read. The experiment is one
    of `package`. It goes on with so many `devices`; 0 takes as many as before.

    Raises:
        InputError: when the folder is no run, its checkpoint does not fit, or the devices are not
            here.
        RunError: when the data are not those that the run began with.
    """
    folder, config = made_by_all(
        group,
        lambda: open_folder(run, package=package),
        lambda made: {"config.json": digest_of(made[0].config)},
    )
    if folder.is_finished:
        result = read_result(folder.result)
        looked_at = kind_of(config.experiment).trains and group.count == 1
        damage = damage_of_end(folder, config) if looked_at else ""
        if not damage:
            say(f"{run} is finished already")
            return Outcome(folder, result)
        refuse_to_write(folder.path, package=package)
        say(f"{run} is finished, but {damage}: training its end again")
    config = replace(config, devices=devices or config.devices)
    with contextlib.ExitStack() as held:

        def reopen() -> tuple[Dataset, Any]:
            if group.count > 1:
                _check_several(config.experiment, config.options.members)
            if group.is_first:
                held.enter_context(locked(folder.path))
            _check_readable(folder)
            data, compiled = _reopened(folder, config)
            check_same_data(folder, config, data)
            return data, compiled

        data, compiled = made_by_all(
            group, reopen, lambda made: facts_of_start(config.experiment, config.options, made[0])
        )
        if devices and group.is_first:
            config.write(folder.config)
        setup = Setup(folder, config, data, compiled)
        session = Session(stop, show, group=group)
        return Outcome(folder, kind_of(config.experiment).work(setup, session))


def _check_readable(folder: RunFolder) -> None:
    """Refuse broken records and starts before the data are opened."""
    folder.records()
    read_starts(folder.manifest)


def _reopened(folder: RunFolder, config: Config) -> tuple[Dataset, Any]:
    """The data and the compiled recipe of a run, whatever its config.json asks for."""
    try:
        return kind_of(config.experiment).reopen(config)
    except (InputError, RunError, OSError):
        raise
    except Exception as error:  # of sizes and options that no run has
        raise InputError(
            f"{folder.config} describes no run that can go on ({first_line(error)}): bring back a "
            "copy of it"
        ) from error
