"""The contestants: language models, licence classes, providers, endpoints, current standings.

May be imported from by battles, integrity and boards.
Must never import another app of `arena`.
"""
