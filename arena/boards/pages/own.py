"""The visitor's own board beside the public one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from arena.boards.own_board import PRIOR_SCALE, own_board
from arena.voters.identity import voter_of


@require_safe
@never_cache
def own(request: HttpRequest) -> HttpResponse:
    """Show how the visitor's own votes rank the models."""
    context = {"board": own_board(voter_of(request)), "prior_scale": round(PRIOR_SCALE)}
    return render(request, "boards/own.html", context)
