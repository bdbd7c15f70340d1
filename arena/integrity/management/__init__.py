"""Commands about what counts and what may be public.

Nothing may be imported from it.
It must never hold logic of its own: that stands in `arena.integrity`.
"""
