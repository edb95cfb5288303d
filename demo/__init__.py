"""Hold the demo: pictures to train with and to look at, made on the spot."""
