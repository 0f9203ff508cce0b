"""One file per task: its parameters, and how a face becomes a result."""
