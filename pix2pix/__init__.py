"""Photos and videos to a trained pix2pix model, and that model at work.

>>> from pix2pix import Translator
>>> translator = Translator.load("models/generator.safetensors")
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pix2pix.translation.translator import Translator

# Before torch is imported: its threads wait for each other in a loop, which keeps the one that they wait for
# from its core, where another program works, too. On two busy cores steps were 10 to 50 times slower for it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
__all__ = ["Translator", "__version__"]


def __getattr__(name: str) -> Any:
    """Import ``Translator`` when it is asked for: torch takes seconds, and most modules do without it."""
    if name != "Translator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pix2pix.translation.translator import Translator

    return Translator
