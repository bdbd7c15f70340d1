"""Counted votes into ratings, snapshots and the gap; the public pages that show them.

Imports integrity, battles, voters, catalog and `ratings`.
Nothing else in `arena` may import it.
"""
