"""How good predictions are: from probabilities [N, K] and targets [N] to numbers.

Everything here is a pure function of arrays, in NumPy and float64 on the host. What is summed on
the devices while a net trains is in `dl.metrics`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
