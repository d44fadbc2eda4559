"""E7 to E11: what each layer gives, costs and sees, as the lectures' tables have it."""

import pytest

from dl import models
from dl.inspect.cost.connections import connections, count_connections
from dl.inspect.cost.summary import Summary, summarize


@pytest.fixture(scope="module")
def alexnet() -> Summary:
    return summarize(models.alexnet(), (227, 227, 3))


def test_E10_layer_by_layer(alexnet: Summary) -> None:
    rows = [
        (row.output_shape, row.parameters)
        for row in alexnet.layers
        if not row.name.startswith("dropout")
    ]
    assert rows == [
        ((55, 55, 96), 34_944),
        ((27, 27, 96), 0),
        ((27, 27, 256), 614_656),
        ((13, 13, 256), 0),
        ((13, 13, 384), 885_120),
        ((13, 13, 384), 1_327_488),
        ((13, 13, 256), 884_992),
        ((6, 6, 256), 0),
        ((4096,), 37_752_832),
        ((4096,), 16_781_312),
        ((1000,), 4_097_000),
    ]


def test_E7_E11_receptive_fields_of_alexnet(alexnet: Summary) -> None:
    """The paddings are those of google-research/receptive_field's table for the same net."""
    found = [(row.receptive_field, row.stride, row.offset) for row in alexnet.layers[:8]]
    sizes = {
        "conv1": (11, 4, 0),
        "pool1": (19, 8, 0),
        "conv2": (51, 8, 16),
        "pool2": (67, 16, 16),
        "conv3": (99, 16, 32),
        "conv4": (131, 16, 48),
        "conv5": (163, 16, 64),
        "pool5": (195, 32, 64),
    }
    assert found == [
        ((size,) * 2, (stride,) * 2, (-padding,) * 2) for size, stride, padding in sizes.values()
    ]


def test_E11_dense_layers_see_the_whole_picture(alexnet: Summary) -> None:
    assert {row.receptive_field for row in alexnet.layers[8:]} == {(227, 227)}


def test_E11_totals(alexnet: Summary) -> None:
    assert alexnet.parameters == 62_378_344
    # A convolution has as many multiply-adds as weights, at every place; a dense layer as many as
    # weights.
    places = (55**2, 27**2, *[13**2] * 3, 1, 1, 1)
    layers = [row for row in alexnet.layers if row.parameters]
    weights = [row.parameters - row.output_shape[-1] for row in layers]
    expected = [place * weight for place, weight in zip(places, weights, strict=True)]
    assert [row.macs for row in layers] == expected
    assert alexnet.macs == 1_135_256_096


def test_E11_the_two_towers_cost_724_million_multiply_adds() -> None:
    # Sze et al. 2017, arXiv:1703.09039, table II: 61 M weights, 724 M multiply-adds.
    towers = summarize(models.alexnet(towers=2), (227, 227, 3))
    assert (towers.parameters, towers.macs) == (60_965_224, 724_406_816)


def test_E11_what_sharing_saves_in_the_first_layer() -> None:
    shared, local, full = 34_944, 105_705_600, 44_892_355_200
    assert count_connections((227, 227, 3), (55, 55, 96), (11, 11, 3, 96)) == (shared, local, full)
    assert connections(models.alexnet(), (227, 227, 3))["conv1/conv"] == (shared, local, full)
    assert local == 55 * 55 * 96 * (11 * 11 * 3 + 1)
    assert full == 290_400 * (227 * 227 * 3 + 1)


def test_E8_what_each_layer_of_lenet_costs_and_sees() -> None:
    rows = summarize(models.lenet(), (28, 28, 1)).layers
    found = {
        row.name: (row.macs, row.receptive_field, row.stride)
        for row in rows
        if "dropout" not in row.name
    }
    assert found == {
        "conv1": (24 * 24 * 20 * 25, (5, 5), (1, 1)),
        "conv1.pool": (0, (6, 6), (2, 2)),
        "conv2": (8 * 8 * 50 * 25 * 20, (14, 14), (2, 2)),
        "conv2.pool": (0, (16, 16), (4, 4)),
        "hidden": (4 * 4 * 50 * 500, (28, 28), None),
        "output": (5_000, (28, 28), None),
    }


@pytest.mark.parametrize(("side", "offset"), [(32, 0), (28, -2)])
def test_E9_what_each_layer_of_lenet5_sees(side: int, offset: int) -> None:
    rows = {row.name: row for row in summarize(models.lenet5(), (side, side, 1)).layers}
    sizes = {name: row.receptive_field[0] for name, row in rows.items()}
    assert sizes == {"C1": 5, "S2": 6, "C3": 14, "S4": 16, "C5": 32, "F6": side, "output": side}
    assert [rows[name].stride for name in ("C1", "S2", "C3", "S4")] == [
        (1, 1),
        (2, 2),
        (2, 2),
        (4, 4),
    ]
    assert {rows[name].offset for name in ("C1", "S2", "C3", "S4", "C5")} == {(offset, offset)}
    assert rows["F6"].offset == (0, 0)
