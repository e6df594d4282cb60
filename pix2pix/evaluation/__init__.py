"""How good a generator is: pictures, numbers, realism and faces. Knows no training."""
