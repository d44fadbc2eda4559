"""Checkpoints of a run. Only this module uses Orbax.

A checkpoint is a flat dictionary from a leaf's path to its array, with checksums of its shards.
Saves are asynchronous; a folder under its final name is complete.
"""

import contextlib
import logging
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from dl.errors import InputError, RunError
from dl.types import PyTree


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read back, or not as it was written."""


class Checkpoints:
    """The checkpoints of one run: the newest `keep`, and the one with the lowest validation loss.

    A context manager: on leaving it, saves under way are finished. With `read_only` it creates and
    deletes nothing, so that a run can be read while it is still training.
    """

    def __init__(self, folder: Path, *, keep: int = 2, read_only: bool = False) -> None:
        import orbax.checkpoint as ocp
        from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, BestN, LatestN

        logging.getLogger("absl").setLevel(logging.ERROR)
        self._ocp = ocp
        best = BestN(get_metric_fn=_loss, reverse=True, n=1, keep_checkpoints_without_metrics=False)
        options = ocp.CheckpointManagerOptions(
            preservation_policy=AnyPreservationPolicy([LatestN(keep), best]),
            best_fn=_loss,  # without it Orbax does not read the metrics of earlier starts
            best_mode="min",
            create=not read_only,
            read_only=read_only,
            # A file that looks abandoned may be a save of another process.
            cleanup_tmp_directories=not read_only,
        )
        self._folder = folder.resolve()
        handlers = {"state": ocp.StandardCheckpointHandler(), "notes": ocp.JsonCheckpointHandler()}
        with _as_run_error("use", self._folder):
            self._manager = ocp.CheckpointManager(
                self._folder, options=options, item_handlers=handlers
            )

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and issubclass(kind, KeyboardInterrupt):
            # A second Ctrl-C means not to wait. Resuming ignores a half-written save.
            return
        with _as_run_error("save in", self._folder):
            self._manager.close()

    def steps(self) -> list[int]:
        """Steps with a checkpoint, oldest first."""
        return sorted(self._manager.all_steps())

    def best_step(self) -> int | None:
        """The kept step with the lowest validation loss; None when none was validated."""
        return self._manager.best_step()

    def save(
        self, step: int, tree: PyTree, *, notes: dict[str, Any], loss: float | None = None
    ) -> None:
        """Begin to save `tree` and JSON `notes`; returns once the arrays are copied.

        Raises:
            RunError: when this or the save before it cannot be written.
        """
        if step in self._manager.all_steps():
            return
        args, flat = self._ocp.args, _flatten(tree)
        notes = {**notes, "checksums": shard_checksums(flat)}
        with _as_run_error("save in", self._folder):
            self._manager.save(
                step,
                args=args.Composite(state=args.StandardSave(flat), notes=args.JsonSave(notes)),
                metrics=None if loss is None else {"loss": loss},
            )

    def wait(self) -> None:
        """Wait until everything saved is on disk."""
        with _as_run_error("save in", self._folder):
            self._manager.wait_until_finished()

    def restore(self, step: int, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
        """The tree saved at `step`, in the structure of `like`, and its notes.

        Each array gets the sharding that it has in `like`, whatever it had when it was saved; where
        `like` has none, the array is put on the first device.

        Raises:
            InputError: when a leaf's name, shape or dtype differs from `like`; it names the leaf.
            DamagedCheckpoint: when the files cannot be read or the checksum is wrong.
        """
        args, wanted = self._ocp.args, _flatten(like)
        try:
            stored = self._manager.item_metadata(step)["state"]
            stored = {name: stored[name] for name in list(stored)}
        except Exception as error:
            raise DamagedCheckpoint(f"checkpoint {step}: {_first_line(error)}") from error
        _check_same_leaves(stored, wanted, where=f"{self._folder}/{step}")
        on_first_device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        shapes = {
            name: jax.ShapeDtypeStruct(
                leaf.shape, leaf.dtype, sharding=getattr(leaf, "sharding", None) or on_first_device
            )
            for name, leaf in wanted.items()
        }
        try:
            items = self._manager.restore(
                step,
                args=args.Composite(state=args.StandardRestore(shapes), notes=args.JsonRestore()),
            )
        except Exception as error:
            raise DamagedCheckpoint(f"checkpoint {step}: {_first_line(error)}") from error
        flat, notes = items["state"], items["notes"]
        damaged = _damaged_arrays(flat, notes)
        if damaged:
            raise DamagedCheckpoint(f"checkpoint {step}: the checksum of {damaged[0]} is wrong")
        return _unflatten(flat, like), notes

    def restore_newest(
        self, like: PyTree
    ) -> tuple[tuple[PyTree, dict[str, Any]] | None, list[str]]:
        """The newest intact checkpoint with its notes, or None; and the errors of damaged ones.

        Damaged checkpoints are moved to the folder `damaged`.
        """
        damaged = []
        for step in reversed(self.steps()):
            try:
                return self.restore(step, like), damaged
            except DamagedCheckpoint as error:
                damaged.append(str(error))
                self._put_aside(step)
        return None, damaged

    def _put_aside(self, step: int) -> None:
        """Move a damaged checkpoint away, so that its step can be saved again."""
        aside = self._folder.with_name("damaged")
        aside.mkdir(exist_ok=True)
        (self._folder / str(step)).rename(aside / f"{step}-{time.time_ns()}")
        self._manager.reload()


def checksum(tree: PyTree) -> int:
    """CRC-32 of the names, types, shapes and bytes of all arrays.

    >>> checksum({"w": np.zeros(2)}) == checksum({"w": np.zeros(3)})
    False
    """
    return _checksum(_flatten(tree))


def shard_checksums(flat: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The CRC-32 of each shard of each array, by the part of the array that the shard holds.

    A part is written as its range along each axis; of shards that hold the same part, one counts.
    A process thus reads only the shards that it holds, and an array may be restored in others.

    >>> shard_checksums({"w": np.zeros((2, 3), np.float32)})
    {'w': {'0:2,0:3': 2747386400}}
    """
    return {name: dict(_shard_checksums(array)) for name, array in flat.items()}


def _shard_checksums(array: Any) -> Iterator[tuple[str, int]]:
    if not isinstance(array, jax.Array):
        yield _part_name((), array.shape), _crc(np.asarray(array))
        return
    for shard in array.addressable_shards:
        if shard.replica_id == 0:
            yield _part_name(shard.index, array.shape), _crc(np.asarray(shard.data))


def _part_name(index: tuple[slice, ...], shape: tuple[int, ...]) -> str:
    slices = index or tuple(slice(None) for _ in shape)
    ends = [part.indices(size)[:2] for part, size in zip(slices, shape, strict=True)]
    return ",".join(f"{start}:{stop}" for start, stop in ends)


def _damaged_arrays(flat: dict[str, Any], notes: dict[str, Any]) -> list[str]:
    """The names of the arrays whose checksums differ from those in the notes.

    Checkpoints of version 0.1.0 have one checksum for all arrays.
    """
    if "checksums" not in notes:
        return [] if _checksum(flat) == notes["checksum"] else ["all arrays"]
    return [
        name
        for name, array in flat.items()
        if any(_crc(_part(array, part)) != crc for part, crc in notes["checksums"][name].items())
    ]


def _part(array: Any, name: str) -> np.ndarray:
    ends = [part.split(":") for part in name.split(",") if part]
    return np.asarray(array)[tuple(slice(int(start), int(stop)) for start, stop in ends)]


def _crc(array: np.ndarray) -> int:
    return zlib.crc32(array.tobytes())  # not the buffer: bfloat16 arrays have no buffer interface


def _loss(metrics: dict[str, float]) -> float:
    return metrics["loss"]


def _flatten(tree: PyTree) -> dict[str, Any]:
    """Path to array; typed keys as their raw data."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): _raw(leaf) for path, leaf in leaves
    }


def _unflatten(flat: dict[str, Any], like: PyTree) -> PyTree:
    leaves, structure = jax.tree.flatten(like)
    restored = [
        jax.random.wrap_key_data(value) if _is_key(leaf) else value
        for leaf, value in zip(leaves, (flat[name] for name in _flatten(like)), strict=True)
    ]
    return jax.tree.unflatten(structure, restored)


def _raw(leaf: Any) -> Any:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _is_key(leaf: Any) -> bool:
    return jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _checksum(flat: dict[str, Any]) -> int:
    total = 0
    for name in sorted(flat):
        array = np.asarray(flat[name])
        total = zlib.crc32(
            array.tobytes(), zlib.crc32(f"{name}{array.dtype}{array.shape}".encode(), total)
        )
    return total


def _check_same_leaves(stored: dict[str, Any], wanted: dict[str, Any], *, where: str) -> None:
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


@contextlib.contextmanager
def _as_run_error(what: str, folder: Path) -> Iterator[None]:
    """Turn the many errors of Orbax on a full or read-only disk into one of one line."""
    try:
        yield
    except Exception as error:
        raise RunError(
            f"cannot {what} {folder}: {_first_line(error)}; earlier checkpoints are kept"
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
