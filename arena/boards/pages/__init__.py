"""The public pages of the boards: views that read a choice, gather stored figures, and answer.

Imports everything of `arena.boards` but jobs; the routes import it.
It must not import `ratings` where a page could read what is stored.
"""
