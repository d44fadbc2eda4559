"""What Orbax leaves behind after an error prints nothing; all else is still told."""

import logging
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dl.runs.event_loops import quiet_event_loops, silence_log


def raised(error: Exception, file: str) -> Any:
    """What Python hands to its hook for an error in code of this file."""
    try:
        exec(compile("raise error", file, "exec"), {"error": error})
    except Exception as caught:
        return SimpleNamespace(exc_value=caught, exc_traceback=caught.__traceback__)


@pytest.mark.parametrize(
    ("error", "file", "is_told"),
    [
        (RuntimeError("Event loop is closed"), "/lib/asyncio/base_events.py", False),
        (Exception("Encountered error while reading"), "/lib/orbax/checkpoint/read.py", False),
        (RuntimeError("the disk is gone"), "/home/me/train.py", True),
    ],
)
def test_only_what_orbax_left_is_dropped(
    error: Exception, file: str, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    monkeypatch.setattr(sys, "excepthook", lambda *what: told.append(what))
    before = sys.unraisablehook, sys.excepthook
    with quiet_event_loops():
        sys.unraisablehook(raised(error, file))
        assert bool(told) is is_told
        sys.excepthook(RuntimeError, RuntimeError("Event loop is closed"), None)
        assert bool(told) is is_told
        sys.excepthook(ValueError, ValueError("mine"), None)
        assert len(told) == is_told + 1
    assert (sys.unraisablehook, sys.excepthook) == before


def test_the_log_of_other_work_stays(caplog: pytest.LogCaptureFixture) -> None:
    silence_log()
    logging.getLogger("asyncio").error("Task was destroyed but it is pending: <orbax/read.py>")
    logging.getLogger("asyncio").error("Task was destroyed but it is pending: <mine.py>")
    assert [record.getMessage()[-9:] for record in caplog.records] == ["<mine.py>"]
