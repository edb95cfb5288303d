"""Measure the parts of the local cloud."""
