"""Bytes to arrays and back: decoding with limits, encoding, metadata, provenance."""
