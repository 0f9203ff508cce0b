"""What makes training targets and pairs: the mesh teacher, things laid over faces."""
