"""What is said at the end of a run: people's text on standard error, the run's path on standard
output.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dl.runs.run import Outcome
    from dl.train.interrupt import StopRequest


def say(text: str) -> None:
    """A line for people."""
    print(text, file=sys.stderr, flush=True)


def leave_at_once() -> None:
    """End the process with 130, now. In a notebook it returns instead: the kernel keeps its
    variables.

    Called from a signal handler: an exception raised there may be swallowed by whatever callback it
    interrupts, and threads that are still saving would hold up an ordinary exit.
    """
    if "ipykernel" not in sys.modules:
        os.write(2, b"stopped at once; what had been saved is kept\n")
        os._exit(130)


def report_outcome(outcome: "Outcome", stop: "StopRequest") -> int:
    """Print how a run ended; returns its exit code."""
    if outcome.result is None:
        say(
            f"stopped by {stop.signal_name}; saved. Go on with: python -m experiments resume "
            f"{outcome.folder.path}"
        )
        print(outcome.folder.path)
        return stop.exit_code
    for part, values in outcome.result["metrics"].items():
        say(describe_values(part, values))
    say(describe_cost(outcome.result))
    print(outcome.folder.path)
    return 0


def describe_values(part: str, values: dict[str, float]) -> str:
    """One part's metrics in a line.

    >>> describe_values("test", {"accuracy": 0.98765, "loss": 0.1})
    'test  accuracy 0.9877  loss 0.1000'
    """
    return "  ".join([part, *(f"{name} {value:.4f}" for name, value in values.items())])


def describe_cost(result: dict[str, Any]) -> str:
    """What a run took, in a line."""
    rate = (
        f", {result['examples_per_second']:,.0f} examples/s"
        if result["examples_per_second"]
        else ""
    )
    return (
        f"{result['wall_seconds']:.1f} s ({result['compile_seconds']:.1f} s compiling){rate}, "
        f"{result['parameters']:,} parameters, {result['device']}"
    )
