"""The package of dlib's model files; only its place matters."""

__file__: str
