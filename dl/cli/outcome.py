"""Messages of the runner: text on standard error, a run's path on standard output."""

import contextlib
import json
import os
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from dl.cli.next_steps import command, next_steps
from dl.cli.page import leave_page
from dl.screen import escaped, escaped_json, in_notebook, say
from dl.train.progress_text import known

if TYPE_CHECKING:
    from dl.runs.folder import Config
    from dl.runs.run import Outcome
    from dl.train.interrupt import StopRequest


def print_text(text: str) -> None:
    """Print a result of one or several lines, on standard output."""
    print(escaped(text, keep="\n\t"), flush=True)


def print_json(value: Any, **how: Any) -> None:
    """Print a result as JSON, on standard output."""
    print_json_text(json.dumps(value, ensure_ascii=False, **how))


def print_json_text(text: str) -> None:
    """Print a result that is JSON already, on standard output."""
    print(escaped_json(text))


def leave_at_once() -> None:
    """End the process at once with exit code 130; in a notebook, do nothing.

    A notebook's kernel has to keep its variables. Elsewhere the process ends without an exception,
    because this is called from a signal handler: the interrupted code may swallow an exception, and
    an ordinary exit waits for threads that are still saving.
    """
    if not in_notebook():
        os.write(_errors(), b"stopped at once; what had been saved is kept\n")
        os._exit(130)


def _errors() -> int:
    try:
        return sys.stderr.fileno()
    except (OSError, ValueError):  # a stream that is closed, or no file
        return 2


def leave_late(number: int, seconds: float) -> None:
    """End the process: what was asked for by a signal took longer than `seconds`."""
    os.write(
        2,
        f"not saved within {seconds:g} s of {signal.Signals(number).name}: left; the checkpoints "
        "before are kept (--checkpoint-minutes saves more often, fewer --steps-per-call stop "
        "sooner)\n".encode(),
    )
    os._exit(128 + number)


def stop_request(grace: float) -> "StopRequest":
    """What turns signals of the runner into an end that is saved, within `grace` seconds if any."""
    from dl.ranges import Range, check_number
    from dl.train.interrupt import StopRequest, say_stopping

    check_number("grace", grace, Range(at_least=0))
    late = partial(leave_late, seconds=grace)
    return StopRequest(leave_at_once, say_stopping, grace=grace, late=late)


def leave_if_interrupted(number: int) -> None:
    """Leave at once on Ctrl-C, while nothing is trained that could be saved."""
    if number == signal.SIGINT:
        leave_at_once()


def report_outcome(
    outcome: "Outcome",
    stop: "StopRequest",
    config: "Config",
    *,
    package: str,
    page: bool = True,
    last: bool = True,
) -> int:
    """Print how a run ended, and if it is the `last` what comes next; returns its exit code.

    A run that is finished gets its `page`.
    """
    path = outcome.folder.path
    if outcome.result is None:
        again = command(package, "resume", path, config)
        say(f"stopped by {stop.signal_name}; saved. Go on with: {again}")
        with contextlib.suppress(OSError):  # after SIGHUP there is no terminal
            print_text(escaped(str(path)))
        return stop.exit_code
    for part, values in outcome.result["metrics"].items():
        say(describe_values(part, values))
    for name, signature in outcome.result.get("signatures", {}).items():
        say(f"{name} is {signature}")
    say(describe_cost(outcome.result))
    if page:
        leave_page(path, package=package)
    for number, line in enumerate(next_steps(package, path, config) if last else []):
        say(f"{'      ' if number else 'next: '}{line}")
    print_text(escaped(str(path)))
    return 0


def describe_values(part: str, values: dict[str, float]) -> str:
    """The metrics of one part in one line.

    >>> describe_values("test", {"accuracy": 0.98765, "loss": 0.1})
    'test  accuracy 0.9877  loss 0.1000'
    """
    return "  ".join([part, *(f"{name} {value:.4f}" for name, value in known(values).items())])


def describe_cost(result: dict[str, Any]) -> str:
    """Time, parameters and device of a run in one line."""
    rate = (
        f", {result['examples_per_second']:,.0f} examples/s"
        if result["examples_per_second"]
        else ""
    )
    if result.get("waiting") is not None:
        rate += f" (waiting for data {result['waiting']:.0%} of the time)"
    return (
        f"{result['wall_seconds']:.1f} s ({result['compile_seconds']:.1f} s compiling){rate}, "
        f"{result['parameters']:,} parameters, {result['device']}"
    )
