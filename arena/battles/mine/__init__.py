"""What is the voter's own: reasons, history, sharing, export, erasure, and their pages.

May be imported from by the routes of battles, and by what is above battles.
May import what battles may; must never import integrity, boards or `ratings`.
"""
