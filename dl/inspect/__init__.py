"""What a model costs and sees, what it has learned, and how far back it remembers.

`cost/` traces a model without computing it; `maps/` and `codes/` show what a trained network
computes for its inputs; `recurrence/` follows gradients and gates through time. The names are
listed in `__init__.pyi` and loaded when they are first used. All of it computes in float32, also
where the training had another precision.

>>> import dl
>>> dl.inspect.summarize(dl.models.softmax_regression(10), (28, 28, 1)).parameters
7850
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
