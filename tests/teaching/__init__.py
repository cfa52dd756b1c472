"""The instructor's kit: plans, what they take from the chapters, and slides."""
