"""DVC, but that it writes its settings in UTF-8, and not in ASCII, which fails in folders of other letters.

``python -m experiments.dvc_in_utf8 exp run --temp``: the copy of the project in which an experiment runs gets
a file of settings that names the project's cache. Only there does DVC write a path by itself.
"""

import sys
from functools import partialmethod

from configobj import ConfigObj
from dvc.cli import main

if __name__ == "__main__":
    ConfigObj.__init__ = partialmethod(ConfigObj.__init__, default_encoding="utf-8")
    sys.exit(main(sys.argv[1:]))
