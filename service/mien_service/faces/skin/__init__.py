"""Layers of signs on skin, drawn on the face's mesh: colour, wrinkles, blotches, hollows, eyes and teeth.

Training and serving share them. They are fields over the aligned square and never look at a photo's own size.
"""
