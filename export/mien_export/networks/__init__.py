"""The architectures that Mien trains, and the fixed ones it measures with."""
