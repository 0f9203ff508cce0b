"""How Mien's weights come to be: data, recipes, export and quality (PyTorch lives here)."""
