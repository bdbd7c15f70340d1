"""What an admin page says of itself."""

import inspect
from typing import Any

from django import template

register = template.Library()


@register.filter
def about(page: Any) -> str:
    """Return what a page of ours is for: the sentences in its class, which are written for staff.

    Pages of other packages explain themselves to programmers, and are passed over.
    """
    own = type(page)
    if not own.__module__.startswith("arena."):
        return ""
    return " ".join(inspect.cleandoc(own.__doc__ or "").split())
