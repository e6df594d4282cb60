"""From a source anywhere to a folder of raw data under a known layout. Knows not what becomes of them."""
