"""The library: everything that does work. It knows nothing of DVC or of parameter files."""
