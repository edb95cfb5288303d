"""Readers of labelled data, a module for each format; each yields examples, an image at a time."""
