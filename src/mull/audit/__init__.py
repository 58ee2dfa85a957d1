"""Disclosure: an operator's policy that is visible whenever it acts."""

from mull.audit.policy import Policy, Rule

__all__ = ["Policy", "Rule"]
