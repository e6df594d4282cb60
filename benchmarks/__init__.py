"""Speed, memory and quality beside those of common tools and ways: ``python -m benchmarks.NAME FOLDER``."""

import pix2pix as pix2pix  # before torch, for the way in which its threads wait
