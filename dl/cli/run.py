"""`run NAME`: train an experiment in a new run folder, once or over several seeds."""

import re
import statistics
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter
from docstring_parser import parse_from_object

from dl.cli.catalog import Catalog, name_experiment
from dl.cli.docstring import join_descriptions, rewrap
from dl.cli.header import describe_options
from dl.cli.outcome import report_outcome, say, stop_request
from dl.errors import InputError
from dl.ranges import Range, check_number, ranges_of
from dl.runs.joining import NOT_ASKED, Joining

if TYPE_CHECKING:
    from dl.runs.experiment import Experiment
    from dl.train.interrupt import StopRequest
    from dl.train.options import TrainOptions


def run(name: str, /, *, catalog: Annotated[Catalog, Parameter(parse=False)]) -> int:
    """Train an experiment in a new run folder; `run NAME --help` shows its options.

    Parameters
    ----------
    name
        An experiment, as `list` shows them.
    """
    raise InputError(f"give the experiment first: run {name} --option value")


def experiment_app(catalog: Catalog, name: str) -> cyclopts.App:
    """The parser of `run NAME`: the experiment's options, and those of running."""
    chosen = catalog.load(name)
    app = cyclopts.App(
        name=f"python -m {catalog.package} run {name}",
        help=rewrap(catalog.docstring(name)),
        version_flags=[],
        help_format="plaintext",
        default_parameter=Parameter(converter=convert),
    )

    def command(
        *,
        options: Annotated[Any, Parameter(name="*")],
        run_dir: Path | None = None,
        init_from: Path | None = None,
        init_checkpoint: Literal["last", "best"] | None = None,
        experiment: Path | None = None,
        freeze: Annotated[list[str] | None, Parameter(consume_multiple=1, negative="")] = None,
        seeds: int = 1,
        log: Annotated[list[str] | None, Parameter(consume_multiple=1, negative="")] = None,
        quiet: bool = False,
        profile: bool = False,
        grace: float = 0.0,
        page: bool = True,
        joining: Annotated[Joining, Parameter(name="*")] = NOT_ASKED,
    ) -> int:
        name_experiment(experiment)
        check_number("seeds", seeds, Range(at_least=1, at_most=1000), whole=True)
        runs = [replace(options, seed=options.seed + number) for number in range(seeds)]
        if init_checkpoint is not None and init_from is None:
            raise InputError(
                f"--init-checkpoint {init_checkpoint} is for --init-from RUN: give the run"
            )
        folders = [run_dir] * seeds
        if seeds > 1 and run_dir is not None:
            folders = _seed_folders(chosen, runs, run_dir)
        beginning = {
            "init_from": init_from,
            "init_checkpoint": init_checkpoint,
            "freeze": freeze or (),
            "log": log or (),
        }
        how = {"show": not quiet, "profile": profile, **beginning}
        if joining.is_asked and seeds > 1:
            raise InputError("--seeds is for one process: start several processes for each --seed")
        from dl.runs.joined import joined

        with joined(joining) as group:
            page = page and group.is_first
            how |= {"package": catalog.package, "page": page, "group": group}
            return _run_seeds(chosen, runs, folders, stop_request(grace), **how)

    command.__doc__ = join_descriptions(_COMMAND_HELP) + options_help(chosen.options)
    command.__annotations__["options"] = Annotated[chosen.options, Parameter(name="*")]
    command.__kwdefaults__ = {**(command.__kwdefaults__ or {}), "options": chosen.options()}
    app.default(command)
    return app


def convert(kind: Any, tokens: Any) -> Any:
    """Convert as cyclopts does, but refuse 1.5 for an integer."""
    if kind is int and not re.fullmatch(r"[+-]?\d+", tokens[0].value):
        raise ValueError(f"{tokens[0].value!r} is not a whole number")
    return cyclopts.convert(kind, tokens)


_COMMAND_HELP = """Run.

Parameters
----------
run_dir
    Folder of the run; default runs/NAME/TIME-SEED.
init_from
    Begin with the parameters of this run. If the classes differ, the head is new; all else must
    fit.
init_checkpoint
    Its newest parameters, or those with the lowest validation loss; by default the latter if it has
    patience.
experiment
    The file of the experiment of --init-from, if that run was started with `run FILE.py`.
freeze
    Do not train these layers: names, or globs such as 'conv*'. Their batch norm keeps its
    statistics.
seeds
    Repeat over this many seeds, counting up from --seed, and give mean and standard deviation.
log
    Where records go beside metrics.jsonl: csv, tensorboard, wandb, or several with commas between
    them. The last two need an extra. `resume` goes on with them.
quiet
    No progress.
profile
    Write a profiler's trace of about 20 steps into the run's folder, for TensorBoard or
    ui.perfetto.dev.
grace
    Seconds that a signal leaves for the save, as a scheduler does before it kills (30 of Slurm and
    Kubernetes); later the run says so and leaves. 0 takes as long as it needs.
page
    Write report.html, the page of the run, at its end. DL_NO_PAGE=1 in the environment leaves it
    out of all runs.
"""


def options_help(options: type) -> str:
    """The meaning of each option, and the range of its numbers."""
    documented = {
        param.arg_name: " ".join((param.description or "").split())
        for base in reversed(options.__mro__[:-1])
        for param in parse_from_object(base).params
    }
    allowed: dict[str, str] = {}
    for name, numbers in ranges_of(options):
        allowed[name] = f"{allowed[name]}, {numbers}" if name in allowed else str(numbers)
    return "".join(
        f"options.{name}\n    {text}{f' [{allowed[name]}]' if name in allowed else ''}\n"
        for name, text in documented.items()
    )


def _seed_folders(
    experiment: "Experiment", runs: "list[TrainOptions]", run_dir: Path
) -> list[Path | None]:
    """A folder for each seed in `run_dir`; all are checked before the first is used."""
    from dl.runs.folder import new_folder

    if (run_dir / "config.json").exists():
        new_folder(experiment, 0, run_dir)  # raises: it holds a run
    folders = [run_dir / f"seed-{options.seed}" for options in runs]
    for folder in folders:
        new_folder(experiment, 0, folder)
    return list(folders)


def _run_seeds(
    experiment: "Experiment",
    runs: "list[TrainOptions]",
    folders: list[Path | None],
    stop: "StopRequest",
    *,
    package: str,
    page: bool,
    **how: Any,
) -> int:
    """Run each entry of `runs` in its folder; `how` goes to `start_run`."""
    from dl.cli.machine import set_up_machine

    set_up_machine(-(-getattr(runs[0], "devices", 1) // how["group"].count))
    from dl.runs.initial import count_frozen
    from dl.runs.run import start_run

    configs: list[Any] = []

    def announce(folder: Any, config: Any) -> None:
        configs.append(config)
        say(describe_options(experiment.name, config.options), is_safe=True)
        if config.origin:
            say(f"begins from {config.origin.describe()}")
        if config.freeze:
            say(
                "frozen: {}: {:,} of {:,} parameters".format(
                    ", ".join(config.freeze), *count_frozen(config)
                )
            )
        where = (
            f"{config.parallel} on {describe_devices(config.devices)}, " if config.devices else ""
        )
        several = how["group"].count
        where += f"{several} processes, " if several > 1 else ""
        say(f"{where}in {folder.path}")

    figures: list[dict[str, dict[str, float]]] = []
    with stop:
        for options, folder in zip(runs, folders, strict=True):
            outcome = start_run(
                experiment, options, run_dir=folder, stop=stop, on_start=announce, **how
            )
            alone = len(runs) == 1
            code = report_outcome(
                outcome, stop, configs[-1], package=package, page=page, last=alone
            )
            if code or outcome.result is None:
                return code
            figures.append(outcome.result["metrics"])
            if stop.requested and len(figures) < len(runs):
                say(f"stopped by {stop.signal_name} after {len(figures)} of {len(runs)} seeds")
                return stop.exit_code
    if len(runs) > 1:
        for line in describe_spread(figures).splitlines():
            say(line)
    return 0


def describe_devices(count: int) -> str:
    """Which devices a run uses, and on a CPU how it uses the cores."""
    import jax

    kind = jax.devices()[0].platform.upper()
    if kind == "CPU" and count == 1:
        return "1 CPU device with all its threads"
    return f"{count} {kind} device{'s' if count > 1 else ''}"


def describe_spread(figures: list[dict[str, dict[str, float]]]) -> str:
    """Mean and standard deviation of each figure over runs, a line for each part.

    >>> describe_spread([{"test": {"accuracy": 0.9}}, {"test": {"accuracy": 0.8}}])
    'test over 2 seeds: accuracy 0.8500 ± 0.0707 (median 0.8500)'
    """
    lines = []
    for part in figures[0]:
        shown = []
        for name in figures[0][part]:
            values = [figure[part][name] for figure in figures]
            mean, spread, median = (
                statistics.mean(values),
                statistics.stdev(values),
                statistics.median(values),
            )
            shown.append(f"{name} {mean:.4f} ± {spread:.4f} (median {median:.4f})")
        lines.append(f"{part} over {len(figures)} seeds: {'  '.join(shown)}")
    return "\n".join(lines)
