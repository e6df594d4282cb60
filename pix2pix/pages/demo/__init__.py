"""The page on which models translate photos and drawings."""
