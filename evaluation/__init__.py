"""What is concluded from data sets: counts of defects, and later scores, realism and rivals."""
