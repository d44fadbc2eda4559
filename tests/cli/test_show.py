"""`show`: experiments and the nets of the papers, as text, Markdown and JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dl.cli import main
from dl.cli.catalog import Catalog
from dl.inspect.cost.published import PUBLISHED
from dl.inspect.cost.summary import summarize

ROOT = Path(__file__).resolve().parents[2]


def show(words: str, capsys: pytest.CaptureFixture[str]) -> str:
    code = main("experiments", ["show", *words.split()])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def test_a_published_net_has_its_published_size(capsys: pytest.CaptureFixture[str]) -> None:
    shown = json.loads(show("alexnet --format json", capsys))
    assert (shown["name"], shown["input_shape"], shown["output_shape"]) == (
        "alexnet",
        [227, 227, 3],
        [1000],
    )
    assert (shown["parameters"], shown["macs"]) == (62_378_344, 1_135_256_096)
    (layer,) = [layer for layer in shown["layers"] if layer["name"] == "conv2/conv"]
    assert layer == {
        "name": "conv2/conv",
        "output_shape": [27, 27, 256],
        "parameters": 614_656,
        "macs": 447_897_600,
        "receptive_field": [51, 51],
        "stride": [8, 8],
        "offset": [-16, -16],
    }


def test_markdown_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    lines = show("lenet --format markdown", capsys).splitlines()
    assert lines[0] == "| layer | output | parameters | macs | field | stride | offset |"
    assert "| conv1 | 24×24×20 | 520 | 288,000 | 5 | 1 | 0 |" in lines
    assert {line.count("|") for line in lines} == {8}


VARIANTS = {  # name: parameters; output shape and parameters of some layers
    "lenet5_1998": (
        60_000,
        {"S2": ("14×14×6", "12"), "C3": ("10×10×16", "1,516"), "output": ("10", "0")},
    ),
    "googlenet_auxiliary": (
        13_378_280,
        {
            "auxiliary4a/hidden": ("1024", "2,098,176"),
            "auxiliary4d/output": ("1000", "1,025,000"),
            "output": ("1000", "1,025,000"),
        },
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_variants_of_a_paper_have_names_of_their_own(name: str) -> None:
    parameters, layers = VARIANTS[name]
    summary = summarize(PUBLISHED[name].build(), PUBLISHED[name].input_shape, name=name)
    text = [line.split()[:3] for line in str(summary).splitlines()[1:]]
    markdown = [
        line.removeprefix("| ").split(" | ")[:3] for line in summary.table().markdown().splitlines()
    ]
    described = json.loads(json.dumps(summary.to_dict()))
    assert (described["name"], described["parameters"]) == (name, parameters)
    assert text[-1][2] == markdown[-1][2] == f"{parameters:,}"
    rows = {row["name"]: row for row in described["layers"]}
    for layer, (shape, own) in layers.items():
        assert [layer, shape, own] in text
        assert [layer, shape, own] in markdown
        assert (
            "×".join(map(str, rows[layer]["output_shape"])),
            f"{rows[layer]['parameters']:,}",
        ) == (shape, own)


def test_connections_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"shared": 34_944, "locally_connected": 105_705_600, "fully_connected": 44_892_355_200}
    assert json.loads(show("alexnet --connections --format json", capsys))["conv1/conv"] == counts
    for format in ("text", "markdown"):
        out = show(f"alexnet --connections --format {format}", capsys)
        assert all(f"{count:,}" in out for count in counts.values())


@pytest.mark.slow
def test_every_experiment_can_be_shown_without_its_data(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    catalog = Catalog("experiments")
    # The vocabulary of a text is not known without it.
    trained = [name for name in catalog.names() if catalog.load(name).count is None]
    options = {name: catalog.load(name).options() for name in trained}
    names = [name for name, own in options.items() if own.dataset and own.reading is None]
    assert len(names) > 25
    for name in names:
        shown = json.loads(show(f"{name} --format json", capsys))
        assert shown["macs"] == sum(layer["macs"] for layer in shown["layers"]) > 0, name


def test_what_only_counts_has_no_layers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("experiments", ["show", "alphago_connect_four"]) == 2
    assert "alphago_connect_four counts and trains no net" in capsys.readouterr().err


def test_an_experiment_is_shown_for_pictures_of_one_s_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for number, size in enumerate([(20, 30), (50, 40)]):
        for kind in ("cat", "dog"):
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.new("RGB", size, (9, 80, 200)).save(tmp_path / kind / f"{number}.png")
    words = f"lenet_cifar10 --dataset folder:{tmp_path} --format json"
    assert main("experiments", ["show", *words.split()]) == 2
    assert "give all one size with --image-size" in capsys.readouterr().err
    shown = json.loads(show(f"{words} --image-size 24", capsys))
    assert (shown["input_shape"], shown["output_shape"]) == ([24, 24, 3], [2])
    assert json.loads(show(f"{words} --image-size 24 --colour grey", capsys))["input_shape"] == [
        24,
        24,
        1,
    ]


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/status").exists(),
    reason="the peak of a process is read from Linux's /proc",
)
def test_a_deep_net_is_shown_without_the_memory_that_its_maps_would_take() -> None:
    # Shapes alone are traced: the process stays below 2 GiB, 60 million parameters and all their
    # maps included. Its ru_maxrss would be at least that of the process that started it.
    code = (
        "from dl.cli import main; code = main('experiments', ['show', 'resnet152']);"
        "(peak,) = [line for line in open('/proc/self/status') if line.startswith('VmHWM')];"
        "print(code, peak.split()[1])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "60,192,808" in shown
    code, kibibytes = shown.split()[-2:]
    assert int(code) == 0
    assert int(kibibytes) < 2 * 2**20


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("resnet15", "unknown experiment or net 'resnet15'; did you mean resnet152?"),
        ("alexnett", "did you mean alexnet?"),
        ("zzz", "known: alexnet"),
        (
            "alexnet --image-size 32",
            "--image-size is for experiments, and alexnet is not one: leave it out",
        ),
        ("mlp_xor --connections", "mlp_xor has no convolutions"),
        ("mlp_xor --source de", "mlp_xor translates nothing: leave --source out"),
        ("alexnet --format yaml", "markdown"),
        (
            "letters",
            "letters holds no run, it has no config.json: give the path that `run` printed",
        ),
        ("runs/nothing", "no run folder runs/nothing: give the path that `run` printed"),
    ],
)
def test_refused_in_one_line(
    words: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letters").mkdir()
    code = main("experiments", ["show", *words.split()])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err


def test_published_nets_are_named_after_their_models() -> None:
    for name, net in PUBLISHED.items():
        assert name.split("_")[0] == net.build().name


def test_the_bytes_on_each_device_are_those_of_the_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """784 × 512 + 512 × 512 + 512 × 10 weights are split, 512 + 512 + 10 biases are copied."""
    shown = json.loads(show("mlp_mnist --devices 8 --format json", capsys))["sharded"]
    held = 4 * ((784 * 512 + 512 * 512 + 512 * 10) // 8 + 512 + 512 + 10)
    assert shown["parts"][0] == {"part": "parameters", "bytes": 2_678_824, "on_device": held}
    assert shown["parts"][1]["on_device"] == pytest.approx(2 * held, abs=64), "Adam has two means"
    assert shown["arrays"][1] == {
        "array": "hidden1/kernel",
        "shape": [784, 512],
        "split": "axis 0",
        "on_device": [98, 512],
    }
    text = show("lenet --devices 1000", capsys)
    assert "conv1/kernel    5×5×1×20  copied" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("mlp_mnist --devices 7", "128 does not divide over 7 devices: use 126 or 133"),
        ("committee_mnist --devices 2", "committee_mnist is a population"),
        ("lenet --devices -1", "devices is -1"),
    ],
)
def test_devices_that_cannot_share_are_refused(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("experiments", ["show", *words.split()]) == 2
    assert said in capsys.readouterr().err
