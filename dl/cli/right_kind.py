"""Refuse a run of the wrong kind by its files, before anything large is imported.

Only what is certain is refused here: the files are read by their one reader afterwards.
"""

from pathlib import Path
from typing import Any

from dl.errors import InputError


def require_language_model(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` learned something else than text."""
    experiment, data = _described(run)
    task = data.get("task")
    if isinstance(task, str) and task != "language":
        refuse_written(run, "writes no text of its own")
        raise InputError(
            f"{experiment} was trained on {data.get('name')} (task: {task}) and writes no text: "
            "give the run of a language model"
        )


def refuse_written(run: Path, why: str) -> None:
    """Raise an `InputError` when the run in folder `run` writes a sequence for each input."""
    experiment, data = _described(run)
    verb = {"transcription": "transcribe", "sequence": "caption"}.get(str(data.get("task")))
    if verb == "caption" and isinstance(data.get("source_vocabulary"), dict):
        verb = "translate"
    if verb is not None:
        raise InputError(
            f"{experiment} was trained on {data.get('name')} (task: {data['task']}) and {why}: use "
            f"`{verb} {run}`"
        )


def require_translation(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` does not write texts from texts."""
    experiment, data = _described(run)
    reads_text = isinstance(data.get("source_vocabulary"), dict)
    if "task" in data and not (data["task"] == "sequence" and reads_text):
        raise InputError(
            f"{experiment} was trained on {data.get('name')} (task: {data['task']}) and translates "
            "nothing: give the run of a translation, such as attention_translation"
        )


def require_recommender(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` did not learn from ratings."""
    experiment, data = _described(run)
    if "task" in data and not isinstance(data.get("catalogue"), dict):
        raise InputError(
            f"{experiment} was trained on {data.get('name')}, which has no ratings, and recommends "
            "nothing: give a run such as factorisation_ratings"
        )


def require_captioner(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` describes no pictures."""
    experiment, data = _described(run)
    shape, task = data.get("input_shape"), data.get("task")
    if isinstance(task, str) and (task != "sequence" or len(shape or ()) != 3):
        raise InputError(
            f"{experiment} was trained on {data.get('name')} (task: {task}) and describes no "
            "pictures: give a run of attention_captions"
        )


def require_game(run: Path) -> None:
    """Raise an `InputError` when the data of the run in folder `run` are no game."""
    experiment, data = _described(run)
    if "task" in data and not data.get("game"):
        raise InputError(
            f"{experiment} was trained on {data.get('name')} and plays no game: give a run of "
            "play:GAME or moves:PATH"
        )


def require_recurrent(run: Path) -> None:
    """Raise an `InputError` when no layer of the run in folder `run` is recurrent."""
    refuse_written(run, "reads no single sequence, whose horizon could be seen")
    experiment, data = _described(run)
    shape, task = data.get("input_shape"), data.get("task")
    whole = data.get("ragged") is False and task in ("classification", "binary", "regression")
    if isinstance(shape, list) and len(shape) == 1 and whole:
        raise _without_layers(experiment, f", its inputs are vectors of {shape[0]}")
    names = _parameters(run)
    if names and not any(name.split("/")[-1] == "recurrent" for name in names):
        raise _without_layers(experiment, "")


def _without_layers(experiment: str, why: str) -> InputError:
    return InputError(
        f"{experiment} has no recurrent layers{why}: give the folder of a run with rnn, lstm or gru"
    )


def _parameters(run: Path) -> list[str]:
    """The paths of the parameters in a checkpoint; none where they cannot be read."""
    for path in sorted(run.expanduser().glob("checkpoints/*/state/_METADATA")):
        tree = _read(path).get("tree_metadata")
        paths = [key.strip("(),'") for key in tree] if isinstance(tree, dict) else []
        if names := [path for path in paths if path.startswith("state/params/")]:
            return names
    return []


def require_text(run: Path) -> None:
    """Raise an `InputError` when the run in folder `run` reads no text."""
    refuse_written(run, "shows no gates of a text")
    experiment, data = _described(run)
    if "vocabulary" in data and data["vocabulary"] is None:
        raise InputError(
            f"{experiment} was trained on {data.get('name')}, which is no text: give the run of a "
            "net that reads text"
        )


def _described(run: Path) -> tuple[str, dict[str, Any]]:
    """The experiment and the description of the data; nothing where they cannot be read."""
    try:
        stored = _read(run.expanduser() / "config.json")
    except RuntimeError:
        return "", {}
    data = stored.get("data")
    return str(stored.get("experiment")), data if isinstance(data, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    from dl.runs.files import read_json

    try:
        stored = read_json(path) if path.is_file() else {}
    except InputError:
        return {}
    return stored if isinstance(stored, dict) else {}
