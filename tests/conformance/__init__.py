"""Hold the stand-in against botocore's model: `make conformance`, or `python -m tests.conformance`."""
