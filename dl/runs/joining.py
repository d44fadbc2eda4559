"""The words with which one of several processes is started."""

from dataclasses import dataclass
from typing import Literal

from dl.errors import InputError


@dataclass(frozen=True)
class Joining:
    """Train in several processes, on one machine or on many.

    Parameters
    ----------
    coordinator
        HOST:PORT of process 0, at which the processes find each other.
    processes
        How many processes train together; each is started with the same words but for its number.
    process_id
        The number of this process, counted from 0. Number 0 writes the records.
    distributed
        auto: let JAX find the other processes, under Slurm, Open MPI, Kubernetes, or on Cloud TPU.
    """

    coordinator: str | None = None
    processes: int | None = None
    process_id: int | None = None
    distributed: Literal["auto"] | None = None

    def __post_init__(self) -> None:
        """Raise an `InputError` for words that do not belong together."""
        explicit = (self.coordinator, self.processes, self.process_id)
        if self.distributed is None and explicit != (None, None, None):
            self._check_explicit()

    def _check_explicit(self) -> None:
        if self.coordinator is None or self.processes is None or self.process_id is None:
            raise InputError(
                "several processes need all of --coordinator HOST:PORT, --processes N and "
                "--process-id I, or else --distributed auto"
            )
        host, _, port = self.coordinator.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise InputError(
                f"--coordinator {self.coordinator}: give HOST:PORT of process 0, such as "
                "10.0.0.1:8476"
            )
        if not 0 <= self.process_id < self.processes:
            raise InputError(
                f"--process-id {self.process_id} is none of {self.processes} processes: they are "
                "numbered from 0"
            )

    @property
    def is_asked(self) -> bool:
        """Whether the runtime is to be started, which also a single process may ask for."""
        return self.distributed is not None or self.coordinator is not None


NOT_ASKED = Joining()
"""One process that trains by itself."""
