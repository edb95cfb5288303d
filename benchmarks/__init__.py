"""How fast, how dear: `make bench` measures, docs/benchmarks.md explains."""
