"""What a step is called with: a state and a batch, or one sentence about what is missing.

Steps are called by hand in notebooks, where a key that is forgotten should not be a `KeyError` from
inside of a loss. The checks are made while the step is traced and cost nothing afterwards.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from dl.errors import InputError
from dl.train.state import TrainState

_MEANING = {
    "inputs": "the examples [B, ...]",
    "targets": "the right answers [B, ...]",
    "mask": "1 for each real example and 0 for padding, float [B]",
    "index": "each example's number in the data set, int [B]",
}


def check_step_inputs(
    state: Any, batch: Any, *, needs: tuple[str, ...] = ("inputs", "mask")
) -> None:
    """Refuse what is no state, no batch, or a batch without an entry that the step `needs`.

    Raises:
        InputError: naming the entry and its meaning.
    """
    if not isinstance(state, TrainState):
        raise InputError(
            f"a step takes a TrainState and a batch, and the first is {type(state).__name__}: make "
            "one with dl.init_state, or take trained.state"
        )
    if not isinstance(batch, Mapping):
        raise InputError(
            f"a batch is a dict with inputs, targets and mask, not {type(batch).__name__}: "
            'give {"inputs": x, "targets": y, "mask": jnp.ones(len(x))}'
        )
    for name in needs:
        if name not in batch:
            raise _lacking(name, batch)


@contextlib.contextmanager
def named_entries(batch: Mapping[str, Any]) -> Iterator[None]:
    """Turn a `KeyError` about an entry of a batch into a sentence."""
    try:
        yield
    except KeyError as error:
        name = error.args[0] if error.args else None
        if name not in _MEANING or name in batch:
            raise
        raise _lacking(name, batch) from None


def _lacking(name: str, batch: Mapping[str, Any]) -> InputError:
    return InputError(
        f"the batch has {', '.join(sorted(map(str, batch))) or 'nothing'} and no {name!r}: "
        f"add {_MEANING.get(name, 'it')}"
    )
