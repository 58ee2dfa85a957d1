"""Ours against its peers, side by side: one command for each part that promises a number."""
