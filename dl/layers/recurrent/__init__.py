"""Recurrent layers: cells, cells over time, and modules of one or several layers."""

from dl.layers.recurrent.cells import Cell, CellParams
from dl.layers.recurrent.kinds import KINDS, Kind, check_kind, zero_carry
from dl.layers.recurrent.layer import recurrent_layer
from dl.layers.recurrent.modules import Recurrent, RecurrentLayer
from dl.layers.recurrent.parameters import init_layer, layer_arrays
from dl.layers.recurrent.scan import scan_cell

__all__ = [
    "KINDS",
    "Cell",
    "CellParams",
    "Kind",
    "Recurrent",
    "RecurrentLayer",
    "check_kind",
    "init_layer",
    "layer_arrays",
    "recurrent_layer",
    "scan_cell",
    "zero_carry",
]
