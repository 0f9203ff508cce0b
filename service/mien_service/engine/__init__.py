"""Everything that opens a model file: the manifest, ONNX Runtime sessions, dlib models, batching."""
