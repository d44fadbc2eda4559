"""An exported folder answers as the net does, without dl; what cannot be exported is refused."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from raw_arrays import largest_difference, own_answers, random_arrays

import dl
from dl import models
from dl.data.text.vocabulary import Vocabulary
from dl.errors import InputError
from dl.exports.folder import export
from dl.exports.loader import load, read_arrays
from dl.exports.program import make_program, parameters_of
from dl.models.earlier_selves import with_earlier_selves
from dl.types import Model

SIZES = (1, 3, 17)
PICTURES = dl.DataSpec(
    "signs",
    "classification",
    (8, 8, 2),
    "uint8",
    ("a", "b", "c"),
    train_size=9,
    mean=(0.2, 0.5),
    std=(0.3, 0.1),
)
TEXT = dl.DataSpec(
    "letters",
    "language",
    (5,),
    "int32",
    (),
    9,
    ragged=True,
    vocabulary=Vocabulary("char", ("a", "b", "<end>")),
)
OF_JAX = ("jax", "jaxlib", "numpy", "scipy", "ml_dtypes", "opt_einsum", "flatbuffers")
"""JAX, what it depends on, and what it reads programs with."""
ALONE = """
import sys
import numpy as np
from load import load

net = load(sys.argv[1])
given = np.load("inputs.npz")
np.savez("answers.npz", **{size: net(array)["probabilities"] for size, array in given.items()})
assert not {"dl", "flax", "safetensors"} & {*sys.modules}
"""


def network_of(model: Model, spec: dl.DataSpec) -> dl.Network:
    inputs = jnp.zeros((1, *spec.input_shape), jnp.int32 if spec.has_symbols else jnp.float32)
    params, state = jax.jit(model.init)(jax.random.key(0), inputs)
    return dl.Network(model, params, state, spec)


@pytest.fixture(scope="module")
def network() -> dl.Network:
    return network_of(models.mlp(3, hidden_sizes=(4,)), PICTURES)


@pytest.fixture(scope="module")
def folder(network: dl.Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dl.export(network, tmp_path_factory.mktemp("exported") / "signs")


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copied"))


def pictures(size: int) -> np.ndarray:
    return np.random.default_rng(size).integers(0, 256, (size, 8, 8, 2), np.uint8)


def run_alone(folder: Path, place: Path, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What load.py gives in a Python that has JAX and flatbuffers: nothing else can be found."""
    np.savez(place / "inputs.npz", **given)
    packages = place / "packages"
    packages.mkdir()
    installed = Path(np.__file__).parents[1]
    for name in (*OF_JAX, "numpy.libs", "scipy.libs"):
        if (installed / name).exists():
            (packages / name).symlink_to(installed / name)
    command = [sys.executable, "-S", "-B", "-c", ALONE, str(folder)]
    environment = {"PYTHONPATH": f"{packages}:{folder}", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(np.load(place / "answers.npz"))


def test_an_exported_net_answers_alone_as_with_dl(
    folder: Path, network: dl.Network, tmp_path: Path
) -> None:
    given = {str(size): pictures(size) for size in SIZES}
    answers = run_alone(folder, tmp_path, given)
    assert answers.keys() == given.keys()
    for size, inputs in given.items():
        expected = network.predict(inputs).probabilities
        np.testing.assert_allclose(answers[size], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_lenet_answers_alone_as_with_dl(tmp_path: Path) -> None:
    trained = dl.load("lenet_digits")
    folder = dl.export(trained, tmp_path / "lenet", run="lenet_digits")
    test = trained.open_data().test.inputs
    given = {str(size): np.asarray(test[:size]) for size in SIZES}
    for size, answer in run_alone(folder, tmp_path, given).items():
        expected = trained.predict(given[size]).probabilities
        np.testing.assert_allclose(answer, expected, rtol=1e-4, atol=1e-6)


def test_the_loader_is_short(folder: Path) -> None:
    code = (folder / "load.py").read_text().split('"""', 2)[2]
    assert len([line for line in code.splitlines() if line.strip()]) < 45


def test_parameters_are_those_of_the_safetensors_package(folder: Path, network: dl.Network) -> None:
    from safetensors.numpy import load_file

    content = (folder / "parameters.safetensors").read_bytes()
    read, expected = read_arrays(content), load_file(folder / "parameters.safetensors")
    assert read.keys() == expected.keys()
    assert all(np.array_equal(read[name], expected[name]) for name in expected)
    kernel = network.params["output"]["kernel"]
    np.testing.assert_array_equal(read["params/output/kernel"], kernel)


def test_stablehlo_alone_is_portable_bytecode(folder: Path) -> None:
    assert (folder / "forward.stablehlo").read_bytes().startswith(b"ML\xefR")


def test_the_description_tells_what_goes_in(folder: Path) -> None:
    about = json.loads((folder / "export.json").read_text())
    assert about["format"] == 1
    assert about["inputs"][0]["shape"] == ["batch", 8, 8, 2]
    assert about["inputs"][0]["dtype"] == "uint8"
    assert about["data"]["class_names"] == ["a", "b", "c"]
    assert [port["name"] for port in about["outputs"]] == ["outputs", "probabilities"]
    arguments = ["platform", *sorted(read_arrays((folder / "parameters.safetensors").read_bytes()))]
    assert about["stablehlo_arguments"] == [*arguments, "inputs"]
    assert {*about["files"], "export.json"} == {path.name for path in folder.iterdir()}


def test_another_format_is_refused_by_the_loader(copied: Path) -> None:
    about = json.loads((copied / "export.json").read_text())
    (copied / "export.json").write_text(json.dumps({**about, "format": 2}))
    with pytest.raises(ValueError, match=r"format 2, load\.py reads 1"):
        load(copied)


@pytest.mark.parametrize("name", ["forward.jax", "parameters.safetensors"])
def test_damage_is_noticed_by_the_loader(copied: Path, name: str) -> None:
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(ValueError, match="not as it was written"):
        load(copied)


def test_the_card_of_a_run_has_its_own_figures(tmp_path: Path) -> None:
    trained = dl.load("lenet_digits")
    card = (dl.export(trained, tmp_path / "net", run="lenet_digits") / "README.md").read_text()
    for said in ("0.99444", "CC BY 4.0", "sgd", "880 steps", "[batch, 28, 28, 1]", "## Limits"):
        assert said in card


def test_sequences_have_any_length() -> None:
    network = network_of(models.language_model("gru", 3, hidden_size=3), TEXT)
    program = make_program(network)
    assert program.inputs[0].shape == ("batch", "steps")
    for batch, steps in ((1, 2), (3, 9)):
        arrays = random_arrays(program.inputs, TEXT, batch=batch, steps=steps)
        answers = program.exported.call(program.parameters, *arrays)
        assert largest_difference(answers, own_answers(network, arrays)) < 1e-5


def test_a_net_of_nnx_with_running_statistics() -> None:
    class Net(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.dense = nnx.Linear(2, 3, rngs=rngs)
            self.norm, self.dropout = nnx.BatchNorm(3, rngs=rngs), nnx.Dropout(0.5, rngs=rngs)

        def __call__(self, x: jax.Array) -> jax.Array:
            return self.dropout(self.norm(self.dense(x)))

    spec = dl.DataSpec("plane", "classification", (2,), "float32", ("a", "b", "c"), train_size=9)
    network = network_of(dl.from_nnx(lambda rngs: Net(rngs)), spec)
    program, inputs = make_program(network), np.ones((3, 2), np.float32)
    assert "model_state/batch_stats/norm/mean" in program.parameters
    answers = program.exported.call(program.parameters, inputs)
    assert largest_difference(answers, own_answers(network, (inputs,))) < 1e-6


def test_what_belongs_to_a_training_is_left_out() -> None:
    network = network_of(with_earlier_selves(models.mlp(3, hidden_sizes=(2,)), 2), PICTURES)
    names = parameters_of(network)
    assert not [name for name in names if name.startswith("model_state")]
    assert make_program(network).exported.in_avals[-1].shape[1:] == (8, 8, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        *("resnet20_cifar10", "googlenet_fashion_mnist", "autoencoder_conv_fashion_mnist"),
        *("dbn_mnist", "committee_mnist", "ctc_spoken_digits", "lstm_sentiment", "lstm_chorales"),
        *("lstm_translation", "attention_captions", "factorisation_ratings", "two_tower_ratings"),
        *("alphazero_tic_tac_toe", "reinforce_connect_four"),
    ],
)
def test_every_kind_of_net(name: str, tmp_path: Path) -> None:
    from every_experiment import differences, fresh_network
    from small_runs import write_all_small_data

    network = fresh_network(name, write_all_small_data(tmp_path))
    assert differences(network, make_program(network), None)[0] < 2e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["mlp_xor", "lenet_digits", "resnet20_cifar10", "lstm_adding", "lstm_sentiment"]
)
def test_onnx_answers_as_the_net_does(name: str, tmp_path: Path) -> None:
    for package in ("jax2onnx", "onnxruntime"):
        pytest.importorskip(package)
    from every_experiment import differences, fresh_network
    from small_runs import write_all_small_data

    from dl.exports.onnx import make_onnx

    network = fresh_network(name, write_all_small_data(tmp_path))
    program = make_program(network)
    assert differences(network, program, make_onnx(network, program))[1] < 1e-5


def test_a_net_that_looks_at_the_batch_size_is_refused() -> None:
    def apply(params: jax.Array, inputs: jax.Array) -> jax.Array:
        return inputs.reshape(len(inputs), -1) @ params

    def init(key: jax.Array, inputs: jax.Array) -> jax.Array:
        return jnp.ones((128, 3))

    network = network_of(dl.from_functions(init, apply), PICTURES)
    with pytest.raises(InputError, match=r"for any batch size .* shapes alone, as x.shape\[0\]"):
        make_program(network)


def test_a_net_without_a_description_is_refused(network: dl.Network, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no description of its data"):
        export(dl.Network(network.model, network.params), tmp_path / "net")
    assert not (tmp_path / "net").exists()


def test_what_is_no_net_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes a trained net, not str"):
        export("lenet_digits", tmp_path / "net")


def test_a_folder_that_holds_something_is_refused(folder: Path, network: dl.Network) -> None:
    with pytest.raises(InputError, match="holds something already"):
        export(network, folder)


@pytest.mark.parametrize("package", ["safetensors.numpy", "flatbuffers"])
def test_a_missing_package_is_named(
    package: str, network: dl.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=r"pip install 'dl-lectures\[export\]'"):
        export(network, tmp_path / "net")
    assert not (tmp_path / "net").exists()


def test_onnx_without_its_package_says_how_to_get_it(
    network: dl.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    with pytest.raises(InputError, match=r"jax2onnx.* docs/export.md"):
        export(network, tmp_path / "net", onnx=True)
