"""Readers of data sets: one file each, a row each in the table of `dl.data.load`."""
