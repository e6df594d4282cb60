"""From pictures to A|B pairs in splits that share no picture. Knows no networks."""
