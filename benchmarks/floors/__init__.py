"""The fastest way to decode each format, for `benchmarks.floor`."""
