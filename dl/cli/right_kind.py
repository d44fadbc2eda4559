"""Refuse a run of the wrong kind by its config.json, before anything large is imported.

Only what is certain is refused here: the file is read by its one reader afterwards.
"""

from pathlib import Path
from typing import Any

from dl.errors import InputError


def require_language_model(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` learned something else than text."""
    experiment, data = _described(run)
    task = data.get("task")
    if isinstance(task, str) and task != "language":
        raise InputError(
            f"{experiment} was trained on {data.get('name')} (task: {task}) and writes no text: "
            "give the run of a language model"
        )


def require_sequences(run: Path) -> None:
    """Raise an `InputError` when the examples of the run in folder `run` are plain vectors."""
    experiment, data = _described(run)
    shape, task = data.get("input_shape"), data.get("task")
    if not isinstance(shape, list) or len(shape) != 1 or data.get("ragged") is not False:
        return
    if task in ("classification", "binary", "regression"):
        raise InputError(
            f"{experiment} has no recurrent layers, its inputs are vectors of {shape[0]}: give the "
            "folder of a run with rnn, lstm or gru"
        )


def require_text(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` reads no text."""
    experiment, data = _described(run)
    if "vocabulary" in data and data["vocabulary"] is None:
        raise InputError(
            f"{experiment} was trained on {data.get('name')}, which is no text: give the run of a "
            "net that reads text"
        )


def _described(run: Path) -> tuple[str, dict[str, Any]]:
    """The experiment and the description of the data; nothing where they cannot be read."""
    from dl.runs.files import read_json

    try:
        path = run.expanduser() / "config.json"
        stored = read_json(path) if path.is_file() else {}
    except (InputError, RuntimeError):
        return "", {}
    stored = stored if isinstance(stored, dict) else {}
    data = stored.get("data")
    return str(stored.get("experiment")), data if isinstance(data, dict) else {}
