"""Measurements of speed: each prints a table and writes JSON. Ratios to a baseline of the same run."""
