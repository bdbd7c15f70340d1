"""Who may do what behind the scenes: the admin site, second factor, roles, the log of changes.

May be imported from by `arena.urls` and the settings only; the log itself by `arena.boards`, which
makes the dates public on which models entered and left.
Imports `arena.catalog` for what is encrypted; no other app of `arena`: the database logs the rest.
"""
