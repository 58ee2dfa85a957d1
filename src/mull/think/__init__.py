"""Strategies: how a question becomes an answer, and what it cost."""
