"""The data and the compiled recipe of one start of a run."""

from dataclasses import dataclass
from typing import Any

from dl.data.dataset import Dataset
from dl.runs.config import Config
from dl.runs.folder import RunFolder


@dataclass(frozen=True)
class Setup:
    """The stored configuration of a run, and what each start opens and compiles again.

    `compiled` is a `dl.train.compiled.Compiled`, or None for a run that trains no net.
    """

    folder: RunFolder
    config: Config
    data: Dataset
    compiled: Any
