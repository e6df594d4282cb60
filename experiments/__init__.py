"""Recipes and studies: settings by name, run as DVC experiments. No stage depends on this package."""
