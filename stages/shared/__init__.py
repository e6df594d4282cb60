"""What all stages share: how one runs, and how settings are read."""
