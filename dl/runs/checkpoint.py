"""Checkpoints of a run. Only this module uses Orbax.

A checkpoint is a flat dictionary from a leaf's path to its array, with checksums of its shards.
Saves are asynchronous; a folder under its final name is complete.
"""

import contextlib
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np

from dl.errors import InputError, first_line
from dl.runs.checkpoint_errors import as_run_error
from dl.runs.checkpoint_leaves import check_arrays, check_same_leaves, unflatten
from dl.runs.checkpoint_notes import DamagedCheckpoint, loss_of, read_notes
from dl.runs.checkpoint_processes import checksums_of_all, read_by_all, taking_part
from dl.runs.checksums import flatten
from dl.runs.event_loops import drop_cut_short, quiet_event_loops, silence_log
from dl.runs.group import ALONE, Group
from dl.runs.shape import Misfit
from dl.types import PyTree


class Checkpoints:
    """The checkpoints of one run: the newest `keep`, and the one with the lowest validation loss.

    Those of the steps that `keep_every` divides are kept for good, unless it is 0. A context
    manager: on leaving it, saves under way are finished. With `read_only` it creates and deletes
    nothing, so that a run can be read while it is still training.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keep: int = 2,
        keep_every: int = 0,
        read_only: bool = False,
        group: Group = ALONE,
    ) -> None:
        import orbax.checkpoint as ocp

        self._ocp = ocp
        silence_log()
        part = taking_part(group)
        options = ocp.CheckpointManagerOptions(
            preservation_policy=_kept(keep, keep_every),
            # With it Orbax reads the metrics of earlier starts; to keep the best it needs them.
            best_fn=None if read_only else _loss,
            best_mode="min",
            create=not read_only and part.active_processes is None,
            read_only=read_only,
            # A file that looks abandoned may be a save of another process.
            cleanup_tmp_directories=not read_only,
            multiprocessing_options=part,
        )
        self._folder = folder.resolve()
        self._saved: set[int] = set()
        self._is_alone_among_several = part.active_processes is not None
        self._group = group
        self._unreadable = [] if read_only else self._put_unreadable_aside()
        self._quiet, self._cut_short = contextlib.ExitStack(), False
        with as_run_error("use", self._folder):
            if not read_only:
                self._folder.mkdir(parents=True, exist_ok=True)
            self._manager = ocp.CheckpointManager(
                self._folder, options=options, handler_registry=_handlers(part)
            )

    def __enter__(self) -> "Checkpoints":
        self._quiet.enter_context(quiet_event_loops())
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        others_are_gone = kind is not None and self._group.count > 1
        if others_are_gone or (kind is not None and issubclass(kind, KeyboardInterrupt)):
            # A second Ctrl-C means not to wait. Resuming ignores a half-written save.
            self._quiet.close()
            return
        with self._quiet, as_run_error("save in", self._folder):
            self._manager.close()
            if self._cut_short:
                drop_cut_short()

    def steps(self) -> list[int]:
        """Steps with a checkpoint, oldest first."""
        return sorted(step for step in self._manager.all_steps() if self._place(step).is_dir())

    def best_step(self) -> int | None:
        """The kept step with the lowest validation loss; None when none was validated.

        Raises:
            DamagedCheckpoint: when a checkpoint does not tell its loss.
        """
        return next(iter(self.best_steps()), None)

    def best_steps(self) -> list[int]:
        """The kept steps that were validated, by their loss; of equals the latest comes first.

        Raises:
            DamagedCheckpoint: when a checkpoint does not tell its loss.
        """
        losses = {step: loss_of(self._place(step)) for step in self.steps()}
        validated = [(loss, -step) for step, loss in losses.items() if loss is not None]
        return [-step for _, step in sorted(validated)]

    def save(
        self, step: int, tree: PyTree, *, notes: dict[str, Any], loss: float | None = None
    ) -> None:
        """Begin to save `tree` and JSON `notes`; returns once the arrays are copied.

        A step is saved once, and once more if its loss was not known before.

        Raises:
            RunError: when this or the save before it cannot be written.
        """
        if step in self._saved or not self._lacks(step, loss):
            return
        args, flat = self._ocp.args, flatten(tree)
        if self._is_alone_among_several:
            flat = {name: np.asarray(leaf) for name, leaf in flat.items()}
        notes = {**notes, "checksums": checksums_of_all(self._group, flat)}
        with as_run_error("save in", self._folder):
            self._manager.save(
                step,
                args=args.Composite(state=args.PyTreeSave(flat), notes=args.JsonSave(notes)),
                metrics=None if loss is None else {"loss": loss},
            )
        self._saved.add(step)

    def _lacks(self, step: int, loss: float | None) -> bool:
        """Whether there is no checkpoint of `step` yet, or a failure left one without its loss."""
        if step not in self._manager.all_steps():
            return True
        if loss is None or loss_of(self._place(step)) is not None:
            return False
        with as_run_error("save in", self._folder):
            self._manager.delete(step)
        return True

    def is_saving(self) -> bool:
        """Whether a save is under way; another one would wait for it."""
        return self._manager.is_saving_in_progress()

    def wait(self) -> None:
        """Wait until everything saved is on disk."""
        with as_run_error("save in", self._folder):
            self._manager.wait_until_finished()

    def restore(self, step: int, like: PyTree) -> tuple[PyTree, dict[str, Any]]:
        """The tree saved at `step`, in the structure of `like`, and its notes.

        `like` may consist of shapes. Each array gets the sharding that it has in `like`, whatever
        it had when it was saved; where `like` has none, the array is put on the first device.

        Raises:
            InputError: when a leaf's name, shape or dtype differs from `like`; it names the leaf.
            DamagedCheckpoint: when the files cannot be read, are not those that were saved, or lie
                under another step.
        """
        wanted = flatten(like)
        flat, notes = read_by_all(self._group, lambda: self._read(step, wanted))
        check_arrays(step, flat, notes, self._group)
        return unflatten(flat, like), notes

    def _read(self, step: int, wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arrays and notes, as far as this process reads them."""
        try:
            notes = self._notes(step)
            stored = self._stored(step, notes)
            check_same_leaves(stored, wanted, where=f"{self._folder}/{step}")
            return self._arrays(step, wanted), notes
        except (InputError, DamagedCheckpoint):
            raise
        except Misfit as error:
            raise DamagedCheckpoint(f"checkpoint {step}: {error}") from error
        except Exception as error:  # Orbax and TensorStore raise many kinds
            self._cut_short = True
            raise DamagedCheckpoint(f"checkpoint {step}: {first_line(error)}") from error

    def _notes(self, step: int) -> dict[str, Any]:
        args = self._ocp.args
        items = self._manager.restore(step, args=args.Composite(notes=args.JsonRestore()))
        return read_notes(items["notes"])

    def _stored(self, step: int, notes: dict[str, Any]) -> dict[str, Any]:
        """The leaves of the checkpoint as its metadata describe them."""
        stored = self._manager.item_metadata(step)["state"]
        leaves = {name: stored[name] for name in list(stored)}
        noted = notes.get("checksums", leaves)
        if noted.keys() != leaves.keys():
            name = sorted(noted.keys() ^ leaves.keys())[0]
            raise DamagedCheckpoint(f"checkpoint {step}: its notes and arrays differ in {name}")
        return leaves

    def _arrays(self, step: int, wanted: dict[str, Any]) -> dict[str, Any]:
        args = self._ocp.args
        on_first_device = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        shapes = {
            name: jax.ShapeDtypeStruct(
                leaf.shape, leaf.dtype, sharding=getattr(leaf, "sharding", None) or on_first_device
            )
            for name, leaf in wanted.items()
        }
        how = self._ocp.checkpoint_utils.construct_restore_args(shapes)
        restore = args.PyTreeRestore(item=shapes, restore_args=how)
        return self._manager.restore(step, args=args.Composite(state=restore))["state"]

    def restore_newest(
        self, like: PyTree
    ) -> tuple[tuple[PyTree, dict[str, Any]] | None, list[str]]:
        """The newest intact checkpoint with its notes, or None; and the errors of damaged ones.

        Damaged checkpoints are moved to the folder `damaged`.
        """
        restored, damaged = self._restore_first(self.steps()[::-1], like)
        return restored, self._unreadable + damaged

    def restore_best(self, like: PyTree) -> tuple[tuple[PyTree, dict[str, Any]] | None, list[str]]:
        """The same for the lowest validation loss; None also if none was validated."""
        return self._restore_first(self.best_steps(), like)

    def _restore_first(
        self, steps: list[int], like: PyTree
    ) -> tuple[tuple[PyTree, dict[str, Any]] | None, list[str]]:
        """The first intact one of `steps`; damaged ones before it are put aside."""
        damaged: list[str] = []
        for step in steps:
            try:
                return self.restore(step, like), damaged
            except DamagedCheckpoint as error:
                damaged.append(str(error))
                self._put_aside(self._place(step))
                self._manager.reload()
        return None, damaged

    def _put_aside(self, place: Path) -> None:
        """Move a damaged checkpoint away, so that its step can be saved again."""
        if self._group.is_first:
            aside = self._folder.with_name("damaged")
            aside.mkdir(exist_ok=True)
            place.rename(aside / f"{place.name}-{time.time_ns()}")
        self._group.wait()

    def _put_unreadable_aside(self) -> list[str]:
        """Move away the checkpoints whose loss Orbax could not read; what is wrong with each."""
        said = []
        for place in sorted(self._folder.glob("[0-9]*")):
            if not place.name.isdecimal() or not place.is_dir():
                continue
            try:
                loss_of(place)
            except DamagedCheckpoint as error:
                said.append(str(error))
                self._put_aside(place)
        return said

    def _place(self, step: int) -> Path:
        return self._folder / str(step)


def _kept(keep: int, keep_every: int) -> Any:
    """Which checkpoints Orbax keeps: the newest, the best, and those of every so many steps."""
    from orbax.checkpoint import checkpoint_managers as policies

    best = policies.BestN(
        get_metric_fn=_loss, reverse=True, n=1, keep_checkpoints_without_metrics=False
    )
    every = [policies.EveryNSteps(keep_every)] if keep_every else []
    return policies.AnyPreservationPolicy([policies.LatestN(keep), best, *every])


def _handlers(part: Any) -> Any:
    """How Orbax writes and reads the two parts of a checkpoint; `part` are the processes that do.

    Trained numbers shrink by less than a tenth, and to compress them takes more of the processor
    than all else in a save.
    """
    import orbax.checkpoint as ocp

    registry = ocp.handlers.DefaultCheckpointHandlerRegistry()
    state = ocp.PyTreeCheckpointHandler(use_compression=False, multiprocessing_options=part)
    notes = ocp.JsonCheckpointHandler(multiprocessing_options=part)
    for args in (ocp.args.PyTreeSave, ocp.args.PyTreeRestore):
        registry.add("state", args, state)
    for args in (ocp.args.JsonSave, ocp.args.JsonRestore):
        registry.add("notes", args, notes)
    return registry


def _loss(metrics: dict[str, float]) -> float:
    return metrics["loss"]
