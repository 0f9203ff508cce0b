"""What a face's expression is called."""

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven of FER2013, in its order: the order of the network's probabilities."""
