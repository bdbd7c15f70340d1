"""The Django project: one small app per noun, settings, entry points.

Arrows inside: boards -> integrity -> battles -> voters, catalog; each says what it may import.
Must never be imported by `ratings` or `workers`; they know nothing of Django.
"""
