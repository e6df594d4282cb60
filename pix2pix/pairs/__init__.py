"""From pictures to A|B pairs, or to unpaired sides, in splits that share no picture. Knows no networks."""
