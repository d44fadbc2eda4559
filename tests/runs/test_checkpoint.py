"""Checkpoints come back bit for bit, or say what is wrong with them."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import dl
from dl.errors import InputError, RunError
from dl.runs.checkpoint import Checkpoints
from dl.runs.checkpoint_notes import DamagedCheckpoint
from dl.runs.checksums import checksum


def make_state(seed: int = 0, hidden_size: int = 4) -> Any:
    model = dl.models.mlp(3, hidden_sizes=(hidden_size,))
    return dl.init_state(model, dl.optimizers.adam(0.1), jnp.zeros((1, 5)), seed=seed)


def leaves(tree: Any) -> list[np.ndarray]:
    raw = jax.tree.map(
        lambda leaf: (
            jax.random.key_data(leaf)
            if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)
            else leaf
        ),
        tree,
    )
    return [np.asarray(leaf) for leaf in jax.tree.leaves(raw)]


def assert_same_bits(left: Any, right: Any) -> None:
    for a, b in zip(leaves(left), leaves(right), strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()


def save_all(folder: Path, losses: dict[int, float | None], keep: int = 2) -> None:
    with Checkpoints(folder, keep=keep) as checkpoints:
        for step, loss in losses.items():
            checkpoints.save(
                step, make_state(seed=step), notes={"wall_seconds": float(step)}, loss=loss
            )


def test_round_trip_is_exact(tmp_path: Path) -> None:
    save_all(tmp_path, {3: None})
    with Checkpoints(tmp_path) as checkpoints:
        restored, notes = checkpoints.restore(3, make_state(seed=99))
    assert_same_bits(restored, make_state(seed=3))
    assert notes["wall_seconds"] == 3.0


def test_newest_and_best_are_kept(tmp_path: Path) -> None:
    save_all(tmp_path, {1: 0.9, 2: 0.1, 3: 0.5, 4: 0.4, 5: 0.3}, keep=2)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.steps() == [2, 4, 5]
        assert checkpoints.best_step() == 2


def test_without_validation_only_the_newest_are_kept(tmp_path: Path) -> None:
    save_all(tmp_path, dict.fromkeys(range(1, 6)), keep=2)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.steps() == [4, 5]
        assert checkpoints.best_step() is None


def test_the_best_is_restored_and_if_it_is_damaged_the_next_best(tmp_path: Path) -> None:
    save_all(tmp_path / "checkpoints", {1: 0.2, 2: 0.1, 3: 0.5}, keep=3)
    with Checkpoints(tmp_path / "checkpoints", keep=3) as checkpoints:
        restored, damaged = checkpoints.restore_best(make_state())
        assert restored is not None
        assert not damaged
        assert_same_bits(restored[0], make_state(seed=2))
    for file in (tmp_path / "checkpoints" / "2").rglob("state/**/d/*"):
        file.write_bytes(b"garbage")
    with Checkpoints(tmp_path / "checkpoints", keep=3) as checkpoints:
        restored, damaged = checkpoints.restore_best(make_state())
        assert restored is not None
        assert damaged[0].startswith("checkpoint 2: ")
        assert_same_bits(restored[0], make_state(seed=1))


def test_of_equal_losses_the_latest_is_the_best_and_is_kept(tmp_path: Path) -> None:
    save_all(tmp_path, {1: 0.1, 2: 0.1, 3: 0.5, 4: 0.5}, keep=1)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.steps() == [2, 4]
        assert checkpoints.best_steps() == [2, 4]


def test_a_step_whose_loss_becomes_known_later_is_saved_with_it(tmp_path: Path) -> None:
    save_all(tmp_path, {1: None})
    save_all(tmp_path, {1: 0.5})
    save_all(tmp_path, {1: 0.4})
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.best_steps() == [1]
        restored, _ = checkpoints.restore(1, make_state(seed=9))
    assert_same_bits(restored, make_state(seed=1))


def test_step_saved_again_is_left_as_it_is(tmp_path: Path) -> None:
    save_all(tmp_path, {1: None})
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, make_state(seed=7), notes={})
        restored, _ = checkpoints.restore(1, make_state())
    assert_same_bits(restored, make_state(seed=1))


def test_empty_folder_has_nothing_to_restore(tmp_path: Path) -> None:
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.restore_newest(make_state()) == (None, [])


def hurt(file: Path, damage: str) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    if damage == "flip":
        file.write_bytes(content)
    elif damage == "truncate":
        file.write_bytes(content[: len(content) // 2])
    else:
        file.unlink()


# Reading a damaged file, Orbax's remaining reads complete after its event loop is closed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "checkpoints"
    save_all(folder, {1: None, 2: None})
    for file in (folder / "2" / "state").rglob("d/*"):
        hurt(file, damage)
    with Checkpoints(folder) as checkpoints:
        with pytest.raises(DamagedCheckpoint):
            checkpoints.restore(2, make_state())
        found, damaged = checkpoints.restore_newest(make_state())
        assert found is not None
        restored, notes = found
        assert_same_bits(restored, make_state(seed=1))
        assert notes["wall_seconds"] == 1.0
        assert damaged[0].startswith("checkpoint 2: ")
        assert checkpoints.steps() == [1]
        checkpoints.save(2, make_state(seed=2), notes={})
    assert len(list((tmp_path / "damaged").iterdir())) == 1


def test_wrong_checksum_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_all(tmp_path, {1: None})
    monkeypatch.setattr("dl.runs.checksums._crc", lambda array: -1)
    with Checkpoints(tmp_path) as checkpoints, pytest.raises(DamagedCheckpoint, match="checksum"):
        checkpoints.restore(1, make_state())


def test_one_checksum_of_all_arrays_is_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checkpoints of version 0.1.0 have one."""
    with monkeypatch.context() as patch:
        patch.setattr("dl.runs.checkpoint.checksums_of_all", lambda group, flat: None)
        with Checkpoints(tmp_path) as checkpoints:
            original = checkpoints._manager.save

            def save_as_before(step: int, *, args: Any, metrics: Any) -> None:
                del args.notes.item["checksums"]
                args.notes.item["checksum"] = checksum(make_state(1))
                original(step, args=args, metrics=metrics)

            patch.setattr(checkpoints._manager, "save", save_as_before)
            checkpoints.save(1, make_state(1), notes={})
    with Checkpoints(tmp_path) as checkpoints:
        assert_same_bits(checkpoints.restore(1, make_state())[0], make_state(1))
        monkeypatch.setattr("dl.runs.checksums._checksum", lambda flat: -1)
        with pytest.raises(DamagedCheckpoint, match="checksum of all arrays"):
            checkpoints.restore(1, make_state())


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 2), (8, 1)])
def test_arrays_come_back_in_the_shards_that_are_asked_for(
    tmp_path: Path, before: int, after: int
) -> None:
    def sharding(count: int) -> Any:
        mesh = dl.make_mesh(jax.devices()[:count])
        return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))

    values = np.arange(24.0, dtype=np.float32).reshape(8, 3)
    saved = jax.device_put({"w": values}, sharding(before))
    like = jax.ShapeDtypeStruct((8, 3), jnp.float32, sharding=sharding(after))
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(1, saved, notes={})
        checkpoints.wait()
        restored, notes = checkpoints.restore(1, {"w": like})
    assert len(notes["checksums"]["w"]) == before
    assert restored["w"].sharding == sharding(after)
    np.testing.assert_array_equal(restored["w"], values)


def test_other_shapes_name_the_leaf(tmp_path: Path) -> None:
    save_all(tmp_path, {1: None})
    with (
        Checkpoints(tmp_path) as checkpoints,
        pytest.raises(
            InputError,
            match=r"params/hidden1/bias is float32\[4\] in the checkpoint, float32\[6\] in",
        ),
    ):
        checkpoints.restore_newest(make_state(hidden_size=6))


def test_missing_leaf_is_named(tmp_path: Path) -> None:
    save_all(tmp_path, {1: None})
    model = dl.models.mlp(3, hidden_sizes=(4, 4))
    deeper = dl.init_state(model, dl.optimizers.adam(0.1), jnp.zeros((1, 5)), seed=0)
    with (
        Checkpoints(tmp_path) as checkpoints,
        pytest.raises(InputError, match=r"hidden2/bias is absent in the ch"),
    ):
        checkpoints.restore_newest(deeper)


def test_disk_that_cannot_be_written_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_all(tmp_path, {1: None})
    with Checkpoints(tmp_path) as checkpoints:

        def full(*args: Any, **keywords: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(checkpoints._manager, "save", full)
        with pytest.raises(RunError, match="No space left on device; earlier checkpoints are kept"):
            checkpoints.save(2, make_state(), notes={})
        assert checkpoints.steps() == [1]
