"""Verifications that cost no tokens: what is said is recomputed, and the verdict kept as evidence."""
