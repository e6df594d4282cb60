"""The networks, their files, and what a trained generator makes of tensors. Knows no training."""
