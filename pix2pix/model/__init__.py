"""Models on disk, what their weights start from, and what a trained one makes of pairs. Knows no training."""
