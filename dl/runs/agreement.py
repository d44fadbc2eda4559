"""All processes of a run start with the same experiment, options, data and code, or none does."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import jax

from dl.data.dataset import Dataset
from dl.errors import InputError, RunError, first_line
from dl.runs.checksums import checksum
from dl.runs.experiment import Experiment
from dl.runs.group import Group
from dl.runs.manifest import version
from dl.runs.setup import Setup

Facts = dict[str, str]
"""What must be the same in all processes: values by what they are."""

_Made = TypeVar("_Made")


class AgreedError(InputError):
    """Wrong input that all processes know of, and refuse together."""


def made_by_all(group: Group, make: Callable[[], _Made], facts: Callable[[_Made], Facts]) -> _Made:
    """What `make` gives here, if it succeeds in every process and with the same facts.

    Raises:
        InputError: in all processes, for what one of them refuses, and for facts that differ.
    """
    if group.count == 1:
        return make()
    made: Any = None
    try:
        made = make()
        told: Facts = facts(made)
    except (InputError, RunError, OSError) as error:
        told = {"error": first_line(error)}
    answers = [json.loads(text) for text in group.gather(json.dumps(told))]
    refuse_differences(answers)
    return made


def refuse_differences(answers: list[Facts]) -> None:
    """Raise an `InputError` for the first error or the first difference in `answers`.

    >>> refuse_differences([{"lr": "0"}, {"lr": "1"}])
    Traceback (most recent call last):
    dl.runs.agreement.AgreedError: process 1 has another lr (1) than process 0 (0): start all alike
    """
    errors = {number: each["error"] for number, each in enumerate(answers) if "error" in each}
    if errors:
        number, error = next(iter(errors.items()))
        alike = len(errors) == len(answers) and len(set(errors.values())) == 1
        raise AgreedError(error if alike else f"process {number}: {error}")
    for number, answer in enumerate(answers):
        for name, value in answers[0].items():
            if answer.get(name) != value:
                raise AgreedError(
                    f"process {number} has another {name} ({answer.get(name)}) than process 0 "
                    f"({value}): start all alike"
                )


def facts_of_start(experiment: Experiment, options: Any, data: Dataset) -> Facts:
    """What decides the result of a training, by name; options one by one."""
    device = jax.local_devices()[0]
    return {
        "experiment": experiment.name,
        **{f"option {name}": repr(value) for name, value in asdict(options).items()},
        "data (fingerprint)": data.fingerprint[:12],
        "version of the code": digest_of(*code_of(experiment)),
        **{f"version of {name}": str(version(name)) for name in ("jax", "jaxlib", "flax", "optax")},
        "kind of device": f"{device.platform} {device.device_kind}",
        "number of devices": str(jax.local_device_count()),
    }


def check_alike(group: Group, setup: Setup, training: Any) -> None:
    """Refuse a first state that differs between the processes, whose steps would too.

    Raises:
        InputError: in all processes.
    """
    if group.count > 1:
        params = setup.compiled.layout.fetch_here(training.state.params)
        told = {"first state (machines of one kind compute the same)": str(checksum(params))}
        refuse_differences([json.loads(text) for text in group.gather(json.dumps(told))])


def code_of(experiment: Experiment) -> list[Path]:
    """The library's files, and the one that defines the experiment."""
    own = experiment.file or import_module(experiment.module).__file__
    return [
        *sorted(Path(__file__).resolve().parents[1].rglob("*.py")),
        *([Path(own)] if own else []),
    ]


def digest_of(*files: Path) -> str:
    """A digest of the names and the contents of `files`."""
    digest = hashlib.blake2b(digest_size=6)
    for path in files:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
