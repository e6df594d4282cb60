"""The networks, as layers and as settings, and files of their weights. Knows no picture on disk."""
