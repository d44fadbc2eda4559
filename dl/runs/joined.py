"""Join the processes of a run by JAX's distributed runtime, and leave them, whatever happens."""

import contextlib
import os
import threading
import time
import traceback
from collections.abc import Iterator
from functools import partial

from dl.errors import InputError, RunError, first_line
from dl.runs.agreement import AgreedError
from dl.runs.group import ALONE, Group, News
from dl.runs.joining import Joining
from dl.runs.runtime_streams import error_stream, quiet_runtime
from dl.screen import escaped

HEARTBEAT = 20
"""Seconds without a sign of life after which a process counts as dead."""
_TO_JOIN = 300
"""Seconds in which all processes must have been started."""
_HEARD = 1.5
"""Seconds within which the others hear what a process tells them."""


@contextlib.contextmanager
def joined(joining: Joining) -> Iterator[Group]:
    """The group of processes that this one belongs to; alone if nothing else is asked for.

    A failure of this process is told to the others and ends it. If another fails or dies, this
    process says so in a line and ends. Only process 0 shows anything else.

    Raises:
        InputError: when the processes do not find each other, or refuse their input together.
    """
    if not joining.is_asked:
        yield ALONE
        return
    have_met = threading.Event()
    with quiet_runtime(partial(_describe_loss, have_met)):
        group = _initialize(joining)
        have_met.set()
        group.listen(lambda news: _end_with_others(group, news))
        try:
            with _shown_by_first(group):
                yield group
        except AgreedError:
            _leave(group)
            raise
        except Exception as error:
            _end_all(group, error)
        else:
            _leave(group)


def _initialize(joining: Joining) -> Group:
    """Connect to the other processes. JAX must not have looked for devices yet."""
    import jax

    # It would take SIGTERM away from this process.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            joining.coordinator,
            joining.processes,
            joining.process_id,
            initialization_timeout=_TO_JOIN,
            heartbeat_timeout_seconds=HEARTBEAT,
        )
    except Exception as error:
        raise InputError(f"{_NOT_FOUND} ({first_line(error)}): {_START_ALL}") from error
    from jax._src.distributed import global_state as runtime  # whose client has no public name

    number, count = runtime.process_id, runtime.num_processes
    return Group(number, count, runtime.client)


@contextlib.contextmanager
def _shown_by_first(group: Group) -> Iterator[None]:
    if group.is_first:
        yield
        return
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def _leave(group: Group) -> None:
    """End the runtime once every process has come to its end."""
    import jax

    group.wait()
    group.close()
    jax.distributed.shutdown()


def _end_all(group: Group, error: Exception) -> None:
    """Say what failed, tell it to the other processes, and end at once.

    Without an ordinary exit: it would wait for the others, and they for this process.
    """
    lost = "JaxRuntimeError" in {type(each).__name__ for each in (error, error.__cause__)}
    if lost and group.count > 1:
        time.sleep(_HEARD)  # for news of what another process failed at, which end this one
    line = first_line(error)
    if lost and group.count > 1:
        line = f"another process ended, or cannot be reached ({line[:120]}); {_KEPT}"
    if not isinstance(error, InputError | RunError | OSError) and not lost:
        traceback.print_exc(file=error_stream())
    _write(f"error: {line}")
    with contextlib.suppress(Exception):
        group.tell(f"failed/{group.number}", line)
    if group.is_first and group.count > 1:
        time.sleep(_HEARD)  # the others hear it from the coordinator, which ends with this process
    os._exit(2 if isinstance(error, InputError) else 1)


_KEPT = "what had been saved is kept, and `resume` goes on with it"


def _end_with_others(group: Group, news: News) -> None:
    """End this process when another has failed."""
    failed = {name: line for name, line in news.items() if name.startswith("failed/")}
    if not failed or f"failed/{group.number}" in failed:
        return
    name, line = next(iter(failed.items()))
    _write(f"error: process {name.removeprefix('failed/')} failed: {line}")
    os._exit(1)


_NOT_FOUND = "the processes do not find each other"
_START_ALL = "start all of them, with one --coordinator that each can reach"


def _describe_loss(have_met: threading.Event, said: str) -> str:
    """One line for the end of a process that JAX's runtime ends, from what that has written."""
    if not have_met.is_set():
        return f"error: {_NOT_FOUND} (they wait {_TO_JOIN} s for each other): {_START_ALL}"
    if "distributed service" not in said:
        return "error: JAX's runtime ended this process: " + " ".join(said.split())[-300:]
    return f"error: another process died, or cannot be reached; {_KEPT}"


def _write(line: str) -> None:
    with contextlib.suppress(OSError):
        print(escaped(line), file=error_stream(), flush=True)
