"""Benchmarks: suites, runs that resume, and what their samples say."""
