"""Who is voting: the signed visitor cookie, network hashes, and the limits of both.

May be imported from by every other app of `arena`.
Must never import another app of `arena`.
"""
