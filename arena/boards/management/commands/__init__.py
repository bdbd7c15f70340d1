"""Commands that fill and empty the boards with sample data.

Nothing may be imported from it.
It must never hold logic of its own: that stands in `arena.boards`.
"""
