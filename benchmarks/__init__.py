"""Speed and memory beside those of common tools, in one run: ``python -m benchmarks.NAME FOLDER``."""
