"""Measurements of speed, as ratios of two things measured side by side in one run. No test depends on them."""
