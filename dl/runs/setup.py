"""What one start of a run works with."""

from dataclasses import dataclass
from typing import Any

from dl.data.dataset import Dataset
from dl.runs.folder import Config, RunFolder


@dataclass(frozen=True)
class Setup:
    """What is stored of a run, and what is set up anew at each start.

    `compiled` is a `dl.train.compiled.Compiled`, or None for a run that trains no net.
    """

    folder: RunFolder
    config: Config
    data: Dataset
    compiled: Any
