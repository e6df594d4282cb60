"""One script per DVC stage: it reads the settings, calls the library and prints one summary line."""
