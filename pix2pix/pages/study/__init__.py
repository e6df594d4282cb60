"""A study's results: how far its claims are seen, its table, figure and page. Knows no experiments."""
