"""Mien: a face-editing microservice (no PyTorch in here)."""

__version__ = "0.1.0"
