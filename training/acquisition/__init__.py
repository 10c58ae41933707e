"""What differs between two dates of unchanged ground: measured on real pairs, and presets fitted to it."""
