"""Battles: pairing, live streaming of two answers, votes, and the voter's pages.

May be imported from by integrity and boards; imports voters, catalog and `workers`.
Must never import integrity, boards or `ratings`.
"""
