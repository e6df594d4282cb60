"""A trained model at work on the user's photos and films. Knows no targets to compare with."""
