"""Pictures: each function takes arrays or a trained net and returns a matplotlib `Figure`.

No function shows, saves or changes anything; `dl.plots.save` writes a figure to a file.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
