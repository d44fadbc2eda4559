"""Parse a command line, run its verb, and return an exit code.

Exit codes: 0 done; 2 wrong input (one line of error, nothing written); 1 failure while running;
129, 130 or 143 after a signal, with the state saved.
"""

import errno
import inspect
import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import cyclopts

from dl.cli.baselines import baselines
from dl.cli.batches import batches, batches_app
from dl.cli.caption import caption
from dl.cli.catalog import Catalog
from dl.cli.check import check, check_app
from dl.cli.committee import committee
from dl.cli.completion import Known, Shell, completion, words_of
from dl.cli.data import data_app
from dl.cli.docstring import description, rewrap, with_whole_lines
from dl.cli.evaluate import evaluate
from dl.cli.export import export
from dl.cli.horizon import horizon
from dl.cli.list import list_experiments
from dl.cli.match import match
from dl.cli.mistakes import check_verb, with_remedy
from dl.cli.outcome import leave_at_once, leave_if_interrupted, say
from dl.cli.play import play
from dl.cli.plot import plot
from dl.cli.predict import predict
from dl.cli.programs import programs
from dl.cli.rates import rates, rates_app
from dl.cli.recommend import recommend
from dl.cli.records import records
from dl.cli.report import report
from dl.cli.resume import resume
from dl.cli.run import experiment_app, run
from dl.cli.sample import sample
from dl.cli.search import search, search_app
from dl.cli.self_play import self_play
from dl.cli.show import show
from dl.cli.start import start_page
from dl.cli.transcribe import transcribe
from dl.cli.translate import translate
from dl.cli.versions import versions
from dl.cli.watch import watch
from dl.data.naming import shown
from dl.errors import InputError, RunError
from dl.runs.event_loops import quiet_event_loops
from dl.runs.shipped import find_run, shipped_runs
from dl.train.signal_watch import SignalWatch


def main(package: str = "experiments", argv: Sequence[str] | None = None) -> int:
    """Run one command on the experiments of `package`; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    _open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Tables and samples contain characters that not every terminal can show.
        sys.stdout.reconfigure(errors="replace")
    try:
        with (
            warnings.catch_warnings(),
            quiet_event_loops(),
            SignalWatch(leave_if_interrupted),
        ):
            # JAX compiles again what it cannot read, so nobody needs to know.
            warnings.filterwarnings("ignore", "Error (read|writ)ing persistent compilation cache")
            # Of Orbax's reads that a damaged file cut short.
            warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
            warnings.showwarning = _show_warning
            code = _dispatch(Catalog(package), words)
            if code > 128:
                _leave_closed_terminal()
            return code
    except cyclopts.CycloptsError as error:
        return _fail(InputError(with_remedy(error, words, package)), 2)
    except InputError as error:
        return _fail(error, 2)
    except RunError as error:
        return _fail(error, 1)
    except BrokenPipeError:
        _write_nowhere(sys.stdout)
        return 141
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return _fail(InputError(f"{shown(str(error.filename))}: {error.strerror}"), 2)
        return _fail(error, 1)
    except (RuntimeError, AssertionError) as error:
        return _fail_on_device(error)
    except KeyboardInterrupt:
        leave_at_once()
        raise


def _open_closed_streams() -> None:
    """Let the streams of a process that was started without (`2>&-`) lead nowhere.

    The next file that is opened would otherwise take their place, and be written into.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(number)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def _leave_closed_terminal() -> None:
    """Drop what cannot be written to a terminal that is gone, which would change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _write_nowhere(stream)


def _write_nowhere(stream: Any) -> None:
    # Otherwise Python reports the failed write once more at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _dispatch(catalog: Catalog, words: list[str]) -> int:
    if not words:
        print(start_page(catalog.package))
        return 0
    app, words = _choose_app(catalog, words)
    command, bound, ignored = app.parse_args(
        words, exit_on_error=False, print_error=False, verbose=False
    )
    offered = {"catalog": catalog, "known": partial(_known_words, catalog)}
    extra = {name: what for name, what in offered.items() if name in ignored}
    _find_runs(bound, catalog.package)
    result = command(*bound.args, **bound.kwargs, **extra)
    return result if isinstance(result, int) else 0


def _find_runs(bound: inspect.BoundArguments, package: str) -> None:
    """Put the folder of a run that comes along where a command line has its name."""
    for name in {"run", "runs", "init_from"} & bound.arguments.keys():
        given = bound.arguments[name]
        if isinstance(given, Path):
            bound.arguments[name] = find_run(given, package=package)
        elif isinstance(given, tuple):
            bound.arguments[name] = tuple(find_run(run, package=package) for run in given)


_OF_EXPERIMENTS = {
    "run": experiment_app,
    "check": check_app,
    "search": search_app,
    "rates": rates_app,
    "batches": batches_app,
}


def _choose_app(catalog: Catalog, words: list[str]) -> tuple[cyclopts.App, list[str]]:
    """The parser for `words`: some verbs have the options of the experiment that they name."""
    if len(words) > 1 and words[0] in _OF_EXPERIMENTS and not words[1].startswith("-"):
        return _OF_EXPERIMENTS[words[0]](catalog, words[1]), words[2:]
    app = _verbs(catalog)
    check_verb(words[0], [*app], catalog.names())
    return app, words


def _verbs(catalog: Catalog) -> cyclopts.App:
    app = cyclopts.App(
        name=f"python -m {catalog.package}",
        help=rewrap(
            "Train, resume, evaluate and use experiments. `VERB --help` shows a verb's options."
        ),
        version=versions,
        help_format="plaintext",
    )
    verbs: dict[str, Callable] = {
        "list": list_experiments,
        "show": show,
        "check": check,
        "run": run,
        "resume": resume,
        "watch": watch,
        "report": report,
        "evaluate": evaluate,
        "records": records,
        "committee": committee,
        "plot": plot,
        "predict": predict,
        "export": export,
        "sample": sample,
        "caption": caption,
        "translate": translate,
        "recommend": recommend,
        "transcribe": transcribe,
        "play": play,
        "self_play": self_play,
        "match": match,
        "search": search,
        "rates": rates,
        "batches": batches,
        "programs": programs,
        "horizon": horizon,
        "baselines": baselines,
        "completion": completion,
    }
    for name, verb in verbs.items():
        help = rewrap(description(verb.__doc__ or ""))
        app.command(with_whole_lines(verb), name=name, help=help)
    app.command(data_app, name="data")
    return app


def _known_words(catalog: Catalog) -> Known:
    """The words that a shell completes; loads every experiment."""
    names = tuple(catalog.names())
    verbs = _verbs(catalog)
    options = {name: words_of(verbs[name])[0] for name in verbs if not name.startswith("-")}
    told = {name: words_of(experiment_app(catalog, name)) for name in names}
    shared = set(told[names[0]][0]) & set(words_of(check_app(catalog, names[0]))[0])
    for verb, make in _OF_EXPERIMENTS.items():
        words = words_of(make(catalog, names[0]))[0]
        options[verb] = (*(word for word in words if word not in shared), "--help")
    return Known(
        names,
        tuple(shipped_runs(catalog.package)),
        tuple(_OF_EXPERIMENTS),
        options,
        {
            name: tuple(w for w in words if w not in options["run"])
            for name, (words, _) in told.items()
        },
        {name: words for _, choices in told.values() for name, words in choices.items()},
        {"show": names, "data": ("list", "prepare"), "completion": get_args(Shell), "list": ()},
    )


def _fail_on_device(error: Exception) -> int:
    """Say what is wrong with the devices; raise `error` if it is about something else."""
    if "jax" not in sys.modules:
        raise error
    from dl.train.device_errors import describe_device_error
    from dl.train.devices import find_devices

    if type(error).__name__ == "JaxRuntimeError":
        return _fail(RunError(describe_device_error(str(error))), 1)
    try:
        find_devices()
    except InputError as not_here:
        return _fail(not_here, 2)
    raise error


def _fail(error: Exception, code: int) -> int:
    line = " ".join(str(error).split())
    say(f"error: {line}")
    return code


def _show_warning(message: Warning | str, category: type[Warning], *_: Any) -> None:
    say(f"warning: {' '.join(str(message).split())}")
