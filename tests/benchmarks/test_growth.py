"""Growth: slopes of invented points, tables, and what each axis makes larger."""

import doctest
import math
from pathlib import Path

import pytest

from benchmarks.growth import __main__ as program
from benchmarks.growth import axes, slopes
from dl.errors import RunError


def points(power: float, sizes: tuple[int, ...] = (8, 64, 512), *, constant: float = 0.0) -> dict:
    values = {size: constant + 0.002 * size**power for size in sizes}
    return {size: dict.fromkeys(slopes.COLUMNS, value) for size, value in values.items()}


def test_doctests() -> None:
    assert doctest.testmod(slopes).failed == 0


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_a_power_is_its_slope(power: float) -> None:
    found = points(power)
    assert slopes.slope(list(found), [each["seconds"] for each in found.values()]) == pytest.approx(
        power, abs=1e-9
    )


def test_what_is_constant_lowers_the_slope_and_least_in_the_upper_decade() -> None:
    found = points(1.0, (1, 10, 100, 1000), constant=0.02)
    values = [each["seconds"] for each in found.values()]
    whole = slopes.slope(list(found), values)
    upper = slopes.slope([100, 1000], values[2:])
    assert whole is not None
    assert upper is not None
    assert 0.6 < whole < upper < 1.0


def test_one_point_has_no_slope() -> None:
    assert slopes.slope([8], [1.0]) is None
    assert slopes.slope([8, 16], [0.0, 1.0]) is None


def test_the_table_has_sizes_and_slopes() -> None:
    lines = slopes.table("batch", points(1.0)).splitlines()
    assert lines[0].endswith("expected slope 1.0:")
    assert lines[2] == "| batch | ms, one step | MiB of a call | MiB at the peak |"
    assert lines[4].startswith("| 8 | 16.0 | 0.0160 ")
    assert lines[-2] == "| slope | 1.00 | 1.00 | 1.00 |"
    assert lines[-1].startswith("| slope, upper decade | 1.00 |")


def test_every_axis_but_devices_spans_two_decades() -> None:
    for name, axis in axes.AXES.items():
        assert name == "devices" or axis.sizes[-1] >= 100 * axis.sizes[0]


@pytest.mark.parametrize("name", axes.AXES)
def test_an_axis_makes_its_size_larger_and_keeps_the_rest(name: str) -> None:
    def described(size: int) -> dict[str, int]:
        _, data, options = axes.AXES[name].make(size)
        steps = len(data.train) // options.batch_size
        found = {
            "batch": options.batch_size,
            "members": options.members,
            "devices": options.devices,
        }
        return {**found, "length": math.prod(data.spec.input_shape), "steps": steps}

    small, large = (described(size) for size in axes.AXES[name].sizes[:2])
    changed = {key for key in small if small[key] != large[key]}
    assert changed == {"steps" if name == "examples" else name}
    assert large[changed.pop()] == 2 * small[{"examples": "steps"}.get(name, name)]


def test_a_failed_size_is_left_out_and_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(name: str, size: int, *, quick: bool) -> dict[str, float]:
        if size == 16:
            raise RunError("out of paper")
        return points(1.0, (size,))[size]

    monkeypatch.setattr(program, "_measure", measured)
    drawn = tmp_path / "growth.svg"
    assert program.main(["batch", "--rounds", "2", "--picture", str(drawn)]) == 1
    out, err = capsys.readouterr()
    assert "| 8 | 16.0 |" in out
    assert "| 16 |" not in out
    assert "batch 16, round 2/2: failed: out of paper" in err
    assert drawn.read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("bach", "unknown axis 'bach'; did you mean batch?"),
        ("batch --rounds 0", "rounds is 0; it must be at least 1"),
        ("batch --json no/such/folder.json", "cannot write no/such/folder.json"),
    ],
)
def test_wrong_words_are_refused_before_measuring(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(words.split())
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
