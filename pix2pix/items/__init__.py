"""The items of a dataset: their manifests, names, and jobs over all of them. Knows not what they show."""
