"""The version that a board's id carries."""

NUMERICS_VERSION = "2"
"""Raised whenever the same votes and parameters would give other figures."""
