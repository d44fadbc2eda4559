"""Train the same nets in one process and in two, and print how much their numbers differ.

    python tests/faults/equal_processes.py [CASE ...]

Each case makes one gradient in float64 and 50 steps in float32. Two processes with two devices each
are compared with one process of four devices, whose sums over devices the same library makes
(`--processes 1`), and with one that JAX's own collectives serve. Beside them stands what another
order of summation alone changes: one process with two devices in the place of four.
"""

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from process_group import ROOT, free_port

STEPS, BATCH = 50, 8


@dataclass(frozen=True)
class Pictures:
    """Pictures of noise as PNG files in memory."""

    files: list[bytes]
    name: str = "noise"
    fingerprint: str = "0"

    def __len__(self) -> int:
        return len(self.files)

    def read(self, index: Sequence[int]) -> list[Any]:
        from dl.data.sources.streamed import Record

        return [Record(self.files[place], place % 3) for place in index]


class Case(NamedTuple):
    """A recipe and the data that it is trained on."""

    recipe: Any
    data: Any


def mlp() -> Case:
    import dl

    model = dl.models.mlp(3, hidden_sizes=(32, 32))
    return _classified(model, _noise((STEPS * BATCH, 16)))


def lenet_with_dropout() -> Case:
    import dl

    model = dl.models.lenet(3, features=(4, 8), hidden_size=16, dropout=0.5)
    return _classified(model, _bytes((STEPS * BATCH, 16, 16, 1)))


def resnet_with_batch_norm() -> Case:
    import dl

    model = dl.models.cifar_resnet(8, 3, features=(4, 8, 8))
    return _classified(model, _bytes((STEPS * BATCH, 8, 8, 3)))


def lstm_stream() -> Case:
    import dl
    from dl.data.dataset import Dataset, DataSpec
    from dl.data.sources.tokens import TokenSource
    from dl.data.text.vocabulary import Vocabulary

    tokens = np.random.default_rng(0).integers(0, 5, STEPS * BATCH * 6 + 7).astype(np.int32)
    source = TokenSource(tokens, 6)
    vocabulary = Vocabulary("char", tuple("abcde"))
    spec = DataSpec(
        "noise", "language", (6,), "int32", (), len(source), carried=True, vocabulary=vocabulary
    )
    model = dl.models.language_model("lstm", 5, hidden_size=8)
    recipe = dl.Recipe(model, dl.objectives.next_symbol(model), dl.optimizers.adam(0.01))
    return Case(recipe, Dataset(spec, source, None, source))


def streamed_pictures() -> Case:
    from PIL import Image

    import dl
    from dl.data.parts import dataset_of_records

    def png(picture: np.ndarray) -> bytes:
        written = io.BytesIO()
        Image.fromarray(picture).save(written, "PNG")
        return written.getvalue()

    stored = Pictures([png(each) for each in _bytes((80, 20, 20, 3))])
    data = dataset_of_records(
        "noise", stored, stored, shape=(8, 8, 3), class_names=("a", "b", "c"), crops=True
    )
    model = dl.models.mlp(3, hidden_sizes=(8,))
    return Case(_recipe(model), data)


def ragged_texts() -> Case:
    import dl

    draw = np.random.default_rng(0)
    inputs = [draw.normal(size=(draw.integers(2, 9), 3)).astype(np.float32) for _ in range(400)]
    labels = np.arange(400) % 3
    data = dl.make_dataset(inputs, labels, validation=0.1)
    model = dl.models.sequence_model("lstm", 3, hidden_size=8)
    return Case(_recipe(model), data)


CASES: dict[str, Callable[[], Case]] = {
    each.__name__: each
    for each in (
        mlp,
        lenet_with_dropout,
        resnet_with_batch_norm,
        lstm_stream,
        streamed_pictures,
        ragged_texts,
    )
}


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _bytes(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def _recipe(model: Any) -> Any:
    import dl

    return dl.Recipe(model, dl.objectives.classification(model), dl.optimizers.adam(0.01))


def _classified(model: Any, inputs: np.ndarray) -> Case:
    import dl

    data = dl.make_dataset(
        inputs, np.arange(len(inputs)) % 3, test=(inputs[:20], np.arange(20) % 3)
    )
    return Case(_recipe(model), data)


def train(case: Case, devices: int) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Parameters after 50 steps by name, and the metrics of the test part."""
    from dl.runs.checksums import flatten
    from dl.train.compiled import compile_recipe
    from dl.train.layout import make_layout
    from dl.train.options import TrainOptions

    layout = make_layout("jit", devices=devices, batch_size=BATCH)
    options = TrainOptions(epochs=5, batch_size=BATCH, steps_per_call=5)
    compiled = compile_recipe(case.recipe, case.data, options, layout)
    training, step = compiled.start(None), 0
    while step < STEPS:
        end = min(STEPS, compiled.plan.call_end(step))
        training, _ = compiled.advance(training, step, end)
        step = end
    params = layout.fetch_here(training.state.params)
    figures = compiled.evaluate(training.state, "test")
    return {name: np.asarray(leaf) for name, leaf in flatten(params).items()}, figures


def gradient(case: Case, devices: int) -> dict[str, np.ndarray]:
    """The gradient of the first batch in float64, by the names of the parameters."""
    import jax

    from dl.data.gather import make_gather
    from dl.runs.checksums import flatten
    from dl.train.gradients import summed_gradients
    from dl.train.layout import Resident, make_layout
    from dl.train.options import TrainOptions
    from dl.train.reading import train_calls_here
    from dl.train.state import first_state

    def exact(tree: Any) -> Any:
        floats = lambda leaf: jax.numpy.issubdtype(leaf.dtype, jax.numpy.floating)  # noqa: E731
        return jax.tree.map(lambda x: x.astype(np.float64) if floats(x) else x, tree)

    layout = make_layout("jit", devices=devices, batch_size=BATCH)
    source = case.data.train
    gather = make_gather(source, case.data.spec)

    def mean_gradient(state: Any, resident: Resident, indexed: Any) -> Any:
        batch = gather(resident.data, jax.tree.map(lambda leaf: leaf[0], indexed))
        key = jax.random.fold_in(state.key, 0)
        summed = summed_gradients(case.recipe.objective, state, exact(batch), key)
        return jax.tree.map(lambda leaf: leaf / summed.sums["loss"].count, summed.params)

    calls = train_calls_here(source, seed=0, batch_size=BATCH, total_steps=1)
    ((number, indexed),) = calls(0, 1)
    resident = layout.put(Resident(source.resident()[number], {}))
    options = TrainOptions(batch_size=BATCH)
    state = layout.put(exact(first_state(case.recipe, case.data.spec, options)))
    grads = layout.compile(mean_gradient, donate=False)(state, resident, layout.split(indexed))
    return {name: np.asarray(leaf) for name, leaf in flatten(layout.fetch_here(grads)).items()}


def work(request: dict[str, Any]) -> None:
    """One process: compute what is asked for, and if it is the first write it."""
    import jax

    jax.config.update("jax_num_cpu_devices", request["devices"] // request["processes"])
    from dl.runs.joined import joined
    from dl.runs.joining import NOT_ASKED, Joining

    address = (request["coordinator"], request["processes"], request["number"])
    with joined(Joining(*address) if request["coordinator"] else NOT_ASKED) as group:
        found: dict[str, np.ndarray] = {}
        for name in request["cases"]:
            params, figures = train(CASES[name](), request["devices"])
            found |= {f"{name} trained {leaf}": array for leaf, array in params.items()}
            found[f"{name} evaluated loss"] = np.array(figures["loss"])
        jax.config.update("jax_enable_x64", True)
        for name in request["cases"][:4]:
            grads = gradient(CASES[name](), request["devices"])
            found |= {f"{name} gradient {leaf}": array for leaf, array in grads.items()}
        if group.is_first:
            np.savez(request["to"], **found)


def compute(
    folder: Path, cases: Sequence[str], *, devices: int, processes: int, by_runtime: bool
) -> dict[str, np.ndarray]:
    """What one or several processes with so many devices together find."""
    to = folder / f"{processes}-{devices}-{by_runtime}.npz"
    coordinator = f"127.0.0.1:{free_port()}" if by_runtime else ""
    started = []
    for number in range(processes):
        request = {
            "coordinator": coordinator,
            "processes": processes,
            "number": number,
            "devices": devices,
            "cases": list(cases),
            "to": str(to),
        }
        words = [sys.executable, __file__, "--work", json.dumps(request)]
        environment = {"PYTHONPATH": str(ROOT), "JAX_PLATFORMS": "cpu", "PATH": ""}
        started.append(subprocess.Popen(words, cwd=ROOT, env=environment))
    assert [each.wait() for each in started] == [0] * processes
    return dict(np.load(to))


def differences(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> dict[str, float]:
    """The largest difference of the arrays of each case and kind."""
    largest: dict[str, float] = {}
    for name, array in left.items():
        kind = " ".join(name.split(" ")[:2])
        difference = float(np.max(np.abs(array - right[name]), initial=0.0))
        largest[kind] = max(largest.get(kind, 0.0), difference)
    return largest


def main(cases: Sequence[str]) -> None:
    """Print a line for each case and kind."""
    cases = cases or list(CASES)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        two = compute(place, cases, devices=4, processes=2, by_runtime=True)
        one = compute(place, cases, devices=4, processes=1, by_runtime=True)
        own = compute(place, cases, devices=4, processes=1, by_runtime=False)
        fewer = compute(place, cases, devices=2, processes=1, by_runtime=False)
    columns = [differences(two, one), differences(two, own), differences(own, fewer)]
    print("| case | 2 × 2 and 1 × 4, one library | 2 × 2 and 1 × 4 | 1 × 4 and 1 × 2 |")
    for kind in columns[0]:
        print(f"| {kind} |", " | ".join(f"{column[kind]:.2g}" for column in columns), "|")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(json.loads(sys.argv[2]))
    else:
        main(sys.argv[1:])
