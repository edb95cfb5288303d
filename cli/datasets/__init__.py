"""Makes data sets of what people have, judges them, and uploads them."""
