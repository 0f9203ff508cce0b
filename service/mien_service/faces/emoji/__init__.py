"""A head drawn as an emoji: flat, round and glossy, in the colours of its photo."""
