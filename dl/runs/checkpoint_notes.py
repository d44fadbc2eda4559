"""What is noted beside the arrays of a checkpoint: seconds, checksums, the validation loss."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dl.errors import first_line
from dl.ranges import NotNegative
from dl.runs.shape import Misfit, as_kind


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read back, or not as it was written."""


@dataclass(frozen=True)
class _Notes:
    """Notes of a training; those of initial parameters have checksums alone."""

    checksums: dict[str, dict[str, int]] = field(default_factory=dict)
    checksum: int = 0
    wall_seconds: NotNegative = 0.0
    compile_seconds: NotNegative = 0.0


@dataclass(frozen=True)
class _Metrics:
    loss: float


def read_notes(stored: Any) -> dict[str, Any]:
    """The notes of a checkpoint, with seconds of 0 where it has none.

    Version 0.1.0 has one `checksum` of all arrays.

    Raises:
        Misfit: when they are no notes.
    """
    notes = vars(as_kind(_Notes, stored, ""))
    unused = {"checksums", "checksum"} - stored.keys()
    if len(unused) != 1:
        raise Misfit("checksums is missing")
    return {name: value for name, value in notes.items() if name not in unused}


def _check_metadata(path: Path) -> None:
    """Orbax stops at metadata that are no object, before another checkpoint can be chosen."""
    if not path.exists():
        return
    try:
        as_kind(dict[str, Any], json.loads(path.read_text(encoding="utf-8")), path.name)
    except (OSError, ValueError, RecursionError, Misfit) as error:
        raise DamagedCheckpoint(f"checkpoint {path.parent.name}: {first_line(error)}") from error


def loss_of(place: Path) -> float | None:
    """The validation loss of the checkpoint in the folder `place`; None without one.

    Raises:
        DamagedCheckpoint: when it is noted and cannot be read, or Orbax could not read the rest.
    """
    _check_metadata(place / "_CHECKPOINT_METADATA")
    path = place / "metrics" / "metrics"
    if not path.parent.exists():
        return None
    try:
        loss = as_kind(_Metrics, json.loads(path.read_text(encoding="utf-8")), "metrics").loss
    except (OSError, ValueError, RecursionError, Misfit) as error:
        raise DamagedCheckpoint(f"checkpoint {place.name}: {first_line(error)}") from error
    return float(loss)
