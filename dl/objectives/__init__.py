"""What is minimised and what is reported: one function per task makes an objective from a model.

An objective returns `Ratio`s: sums over the examples whose mask is 1, and their count. Masked,
sharded and uneven batches therefore give the same numbers. The train step minimises `loss`.

The names are listed in `__init__.pyi` and loaded when they are first used.

>>> import dl
>>> objective = dl.objectives.classification(dl.models.mlp(10))
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
