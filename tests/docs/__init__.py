"""Documentation is tested: what the README and ARCHITECTURE.md name must exist."""
