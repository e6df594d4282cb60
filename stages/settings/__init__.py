"""The settings of each stage, typed. ``python -m stages.settings`` checks params.yaml as a whole."""
