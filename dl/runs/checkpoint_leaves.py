"""Are the arrays of a checkpoint those that were saved, and those that the model needs?"""

from typing import Any

import jax
import numpy as np

from dl.errors import InputError
from dl.runs.checkpoint_notes import DamagedCheckpoint
from dl.runs.checkpoint_processes import damaged_for_all
from dl.runs.checksums import flatten, is_key
from dl.runs.group import Group
from dl.types import PyTree

_STEP = "state/step"
"""The leaf that says to which step the arrays of a training belong."""


def check_arrays(step: int, flat: dict[str, Any], notes: dict[str, Any], group: Group) -> None:
    """Raise `DamagedCheckpoint` for arrays other than those that were saved at `step`."""
    damaged = damaged_for_all(group, flat, notes)
    if damaged:
        raise DamagedCheckpoint(f"checkpoint {step}: the checksum of {damaged[0]} is wrong")
    own = int(np.ravel(flat.get(_STEP, step))[0])
    if own != step:
        raise DamagedCheckpoint(f"checkpoint {step}: it is that of step {own} under another name")


def unflatten(flat: dict[str, Any], like: PyTree) -> PyTree:
    """The tree of the arrays in `flat`, in the structure of `like`."""
    leaves, structure = jax.tree.flatten(like)
    restored = [
        jax.random.wrap_key_data(value) if is_key(leaf) else value
        for leaf, value in zip(leaves, (flat[name] for name in flatten(like)), strict=True)
    ]
    return jax.tree.unflatten(structure, restored)


def check_same_leaves(stored: dict[str, Any], wanted: dict[str, Any], *, where: str) -> None:
    """Raise an `InputError` that names the first leaf whose shape or type differs."""
    # Parameters first: the optimizer's arrays differ only because the parameters do.
    for name in sorted(
        stored.keys() | wanted.keys(), key=lambda name: ("params" not in name.split("/"), name)
    ):
        has = f"{stored[name].dtype}{list(stored[name].shape)}" if name in stored else "absent"
        needs = f"{wanted[name].dtype}{list(wanted[name].shape)}" if name in wanted else "absent"
        if has != needs:
            raise InputError(
                f"{where} does not fit: {name} is {has} in the checkpoint, {needs} in the model"
            )
