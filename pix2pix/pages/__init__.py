"""Pages in a browser, made by and for this machine alone. Knows no stages but by their outputs."""
