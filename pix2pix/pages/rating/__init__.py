"""The page on which people rate test pictures, and what they said."""
