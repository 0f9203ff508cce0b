"""A head drawn as in an animated film, grown-up or as a toddler: the photo's own pixels, moved, smoothed and relit."""
