"""Pictures, A|B pairs and sheets of them, as arrays. Knows no datasets and no networks."""
