"""The Django project: one small app per noun, settings, entry points.

May be imported from: anywhere inside `arena`. Arrows: boards -> integrity -> battles -> voters, catalog.
Must never be imported by `ratings` or `workers`; they know nothing of Django.
"""
