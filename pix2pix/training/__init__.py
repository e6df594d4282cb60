"""From pairs to a trained generator. Knows no DVC and no test pairs."""
