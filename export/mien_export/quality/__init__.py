"""Meters, baselines and reports."""
