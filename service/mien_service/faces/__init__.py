"""Face geometry on arrays: finding, aligning, editing and compositing. Opens no files."""
