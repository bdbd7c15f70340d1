"""Who is voting: the signed visitor cookie, later accounts and limits.

May be imported from by every other app of `arena`.
Must never import another app of `arena`.
"""
