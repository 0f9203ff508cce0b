"""What drawn styles share: parts of a head, its colours, strands, eyes and brows, and what they are drawn on."""
