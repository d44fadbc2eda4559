"""config.json read back: only experiments of the named package, only what a run can have."""

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dl.data.dataset import DataSpec
from dl.data.text.vocabulary import END, UNKNOWN, Vocabulary, make_vocabulary
from dl.errors import InputError
from dl.runs.config import Config, Origin, read_config
from dl.runs.experiment import load_experiment
from experiments import rnn_shakespeare

SPEC = DataSpec(
    "text:a.txt",
    "language",
    (64,),
    "int32",
    (),
    100,
    carried=True,
    vocabulary=Vocabulary("char", ("a", "b", UNKNOWN)),
)
CONFIG = Config(
    load_experiment("experiments.rnn_shakespeare"),
    rnn_shakespeare.Options(),
    5,
    "jit",
    1,
    SPEC,
    freeze=("output",),
    origin=Origin("a/run", 3, 7, ("w",), ()),
)


def write(folder: Path, **changes: Any) -> Path:
    """A config.json with changed entries; "a.b" names the entry b of a, DROP removes it."""
    path = folder / "config.json"
    CONFIG.write(path)
    stored = json.loads(path.read_text())
    for place, value in changes.items():
        *parents, name = place.split(".")
        here = stored
        for parent in parents:
            here = here[parent]
        if value == "DROP":
            del here[name]
        else:
            here[name] = value
    path.write_text(json.dumps(stored))
    return path


def test_it_comes_back(tmp_path: Path) -> None:
    CONFIG.write(tmp_path / "config.json")
    back = read_config(tmp_path / "config.json", package="experiments")
    assert back == CONFIG
    assert not back.edited


def test_a_later_change_is_noticed_and_a_file_without_checksum_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path, **{"options.epochs": 99})
    assert read_config(path, package="experiments").edited
    assert not read_config(write(tmp_path, checksum="DROP"), package="experiments").edited


@pytest.mark.parametrize(
    "module",
    [
        "os",
        "antigravity",
        "experiments.__main__",
        "experiments._text",
        "experiments.sub.thing",
        "experiments..os",
        "experiments.a b",
        "experiments./etc/passwd",
        "../experiments.lenet_digits",
        "dl.cli.app",
        "",
    ],
)
def test_no_other_module_is_imported(tmp_path: Path, module: str) -> None:
    before = set(sys.modules)
    with pytest.raises(InputError, match="no experiment of the package experiments: if you trust"):
        read_config(write(tmp_path, module=module), package="experiments")
    assert set(sys.modules) == before


def test_a_module_beside_the_run_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("stranger", "others/evil"):
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("raise SystemExit('it ran')")
    with pytest.raises(InputError, match="no experiment of the package experiments"):
        read_config(write(tmp_path, module="stranger"), package="experiments")
    with pytest.raises(InputError, match=r"others would be imported from .* itself"):
        read_config(write(tmp_path, module="others.evil"), package="others")
    with pytest.raises(InputError, match=r"stranger would be imported from .* itself"):
        read_config(write(tmp_path, module="stranger"), package="stranger")


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("module", 3, "module is 3; it must be a text"),
        ("module", "DROP", "module is None; it must be a text"),
        ("module", "experiments.gone", "there is no experiment module experiments.gone"),
        ("format", 99, "has format 99"),
        ("format", True, "has format True"),
        ("experiment", "lenet_digits", "the module that of rnn_shakespeare"),
        ("options", [], "options is []; it must be an object"),
        ("options.epochs", 1.5, "epochs is 1.5; it must be a whole number"),
        ("options.epochs", True, "epochs is True; it must be a whole number"),
        ("options.epochs", 0, "epochs is 0; it must be at least 1"),
        ("options.dataset", ["digits"], "dataset is ['digits']; it must be a text"),
        ("options.batch_size", True, "batch_size is True"),
        ("options.batch_size", 10**30, "batch_size is about 10^30"),
        ("options.seed", 1.5, "seed is 1.5"),
        ("options.seed", 2**31, "seed is 2147483648"),
        ("options.validation", "0.1", "validation is '0.1'; it must be a number"),
        ("options.unit", "chars", "unit is 'chars': did you mean char?"),
        ("options.epoch", 3, "epoch is not known: did you mean epochs?"),
        ("chosen", {}, "chosen.steps_per_call is missing"),
        ("chosen.devices", -1, "chosen.devices is -1"),
        ("chosen.parallel", "xmap", "chosen.parallel is 'xmap': did you mean pmap?"),
        ("data", [1], "data is [1]; it must be an object"),
        ("data.task", "chess", "data.task is 'chess'"),
        ("data.input_shape", 64, "data.input_shape is 64; it must be a list"),
        ("data.input_shape", [-64], "data.input_shape is [-64]; no example has that shape"),
        ("data.input_shape", [2**31, 2**31], "no example has that shape"),
        ("data.input_dtype", "object", "data.input_dtype is 'object'"),
        ("data.input_dtype", "int99", "data.input_dtype is 'int99'"),
        ("data.class_names", "abc", "data.class_names is 'abc'; it must be a list"),
        ("data.mean", [0.0, 0.0], "data.mean has 2 values"),
        ("data.std", [0.0], "data.std is 0.0; it must be above 0"),
        ("data.std", [], "data.std has 0 values"),
        ("data.train_size", -1, "data.train_size is -1"),
        ("data.vocabulary", None, "data.vocabulary is missing"),
        ("data.vocabulary.unit", "letter", "data.vocabulary.unit is 'letter'"),
        ("data.vocabulary.unit", "byte", "bytes are 256"),
        ("data.vocabulary.symbols", ["a", "a"], "holds 'a' twice"),
        ("data.vocabulary.symbols", [], "data.vocabulary.symbols is empty"),
        ("data.vocabulary.symbols", ["a", 3], "data.vocabulary.symbols[1] is 3"),
        ("freeze", "output", "freeze is 'output'; it must be a list"),
        ("origin", [], "origin is []; it must be an object"),
        ("origin.step", 1.5, "origin.step is 1.5"),
        ("hue", 3, "hue is not known"),
    ],
)
def test_each_odd_value_is_refused_with_file_place_and_remedy(
    tmp_path: Path, place: str, value: Any, says: str
) -> None:
    path = write(tmp_path, **{place: value})
    with pytest.raises(InputError, match=re.escape(says)) as told:
        read_config(path, package="experiments")
    assert str(told.value).startswith(str(path))
    assert "\n" not in str(told.value)


PAIRS = replace(
    SPEC,
    task="sequence",
    ragged=True,
    carried=False,
    vocabulary=make_vocabulary(["ein hund"], unit="subword", size=20, documents=True),
    source_vocabulary=make_vocabulary(["a dog"], unit="word", documents=True),
    longest_target=4,
)


def test_both_vocabularies_of_pairs_come_back(tmp_path: Path) -> None:
    replace(CONFIG, data=PAIRS).write(tmp_path / "config.json")
    spec = read_config(tmp_path / "config.json", package="experiments").data
    assert spec == PAIRS
    assert spec.text.decode(spec.text.encode("ein hund")) == "ein hund"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vocabulary": replace(PAIRS.text, model="AAAA")}, "the model of the subwords is damaged"),
        (
            {"vocabulary": replace(PAIRS.text, symbols=PAIRS.text.symbols[:-1])},
            "data.vocabulary.model makes other subwords",
        ),
        ({"source_vocabulary": Vocabulary("word", ())}, "data.source_vocabulary.symbols is empty"),
        ({"vocabulary": Vocabulary("word", ("a",))}, "data.vocabulary.symbols has no <end>"),
        ({"longest_target": 0}, "data.longest_target is 0"),
    ],
)
def test_damaged_pairs_are_refused(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    replace(CONFIG, data=replace(PAIRS, **changes)).write(tmp_path / "config.json")
    with pytest.raises(InputError, match=re.escape(says)) as told:
        read_config(tmp_path / "config.json", package="experiments")
    assert "\n" not in str(told.value)


def test_bytes_with_an_end_are_257(tmp_path: Path) -> None:
    names = tuple(f"<{number:02x}>" for number in range(256))
    spec = replace(SPEC, vocabulary=Vocabulary("byte", (*names, END)))
    replace(CONFIG, data=spec).write(tmp_path / "config.json")
    assert read_config(tmp_path / "config.json", package="experiments").data == spec
