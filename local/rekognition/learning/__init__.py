"""Learn labels and objects from pictures, on the processor, in seconds, the same from the same data."""
