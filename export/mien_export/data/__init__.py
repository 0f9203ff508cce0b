"""Training pictures: packs, splits, aligned crops, augmentation."""
