"""Speed, memory and quality beside those of common tools and ways: ``python -m benchmarks.NAME FOLDER``."""
