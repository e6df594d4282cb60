"""A model handed over: in other formats, and with its card. Knows no pages."""
