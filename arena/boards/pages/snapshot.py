"""A frozen board by its id: its figures, what moved them since the board before, how to replay."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from arena.boards.between import earlier_of, moved_between
from arena.boards.catalogue import read_facts
from arena.boards.choices import SIMULATED, Choice, source_label
from arena.boards.frozen import Frozen, frozen_board
from arena.boards.leaderboard import rank_text
from arena.boards.models import Board, Snapshot
from arena.boards.pages.answer import answer
from arena.boards.slice_names import slice_name

PARTS = {
    "method": gettext_lazy("Method"),
    "window": gettext_lazy("Span of time"),
    "exclusions": gettext_lazy("Exclusions"),
    "rules": gettext_lazy("Rules"),
    "new_votes": gettext_lazy("New votes"),
    "new_opponents": gettext_lazy("New opponents"),
}
# Published boards that are listed.
_NEWEST = 20


@require_safe
def snapshot(request: HttpRequest, replay_id: str) -> HttpResponseBase:
    """Show the frozen board that has an id."""
    asked = {name: request.GET.get(name, "") for name in ("board", "source")}
    found = frozen_board(replay_id, **asked)
    if found is None:
        raise Http404("no such snapshot")
    frozen, since = found.snapshot, request.GET.get("since", "")
    earlier = earlier_of(frozen, since) if since else None
    if since and earlier is None:
        raise Http404("no such earlier board")
    newest = frozen.board.snapshots.exclude(published_for=None).order_by("-pk").first()
    others = [other.pk for other in found.others]
    key = frozen.pk, newest and newest.pk, earlier and earlier.pk, others
    return answer(request, "boards/snapshot.html", key, lambda: gather(found, earlier))


def gather(found: Frozen, earlier: Snapshot | None = None) -> dict[str, Any]:
    """Return all that the page shows: what moved since an earlier board, else the one before."""
    frozen, board = found.snapshot, found.snapshot.board
    moved = moved_between(earlier, frozen) if earlier else frozen.movement
    lines = list(frozen.rows.select_related("language_model"))
    facts = read_facts(frozen.created_at.date(), of=[line.language_model_id for line in lines])
    names = {line.language_model.slug: line.language_model.name for line in lines}
    choice = Choice(
        source=board.source,
        method=board.method,
        category=board.category,
        language=board.language,
        days=str(board.days or ""),
        style="on" if board.style_controlled else "",
    )
    return {
        "title": _("Board %(id)s") % {"id": frozen.replay_id[:12]},
        "description": _("A frozen board, and why its ratings moved."),
        "snapshot": frozen,
        "simulated": board.source == SIMULATED,
        "labels": labels(board),
        "others": [
            {"address": other.address_of(frozen.replay_id), "labels": labels(other)}
            for other in found.others
        ],
        "votes": f"{frozen.votes:,}",
        "voters": f"{frozen.voters:,}",
        "rows": [
            {
                "line": line,
                "facts": facts[line.language_model_id],
                "rank": rank_text(line.rank_best or 0, line.rank_worst or 0)
                if line.rank_best
                else "",
                "votes": f"{line.votes:,}",
            }
            for line in lines
            if line.rating is not None
        ],
        "movement": movement(moved or {}, names),
        "before": board.address_of(moved["from"]) if moved else "",
        "earlier": earlier,
        "published": [
            {
                "snapshot": each,
                "votes": f"{each.votes:,}",
                "since": board.address_of(frozen.replay_id, since=each.replay_id)
                if frozen.movement and each.pk < frozen.pk
                else "",
            }
            for each in board.snapshots.exclude(published_for=None).order_by("-pk")[:_NEWEST]
        ],
        "current": choice.address(),
        "replay": f"{frozen.replay_id}{f' --board {board.slug}' if found.others else ''}",
        "json": reverse("api-1:snapshot", kwargs={"id": frozen.replay_id})
        + f"?{urlencode({'board': board.slug, 'source': board.source})}",
    }


def movement(stored: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any] | None:
    """Return why ratings moved since the publication before; None on a board without one.

    Parameters
    ----------
    stored : mapping
        Of `arena.boards.movement.explain`.
    names : mapping
        By slug.
    """
    if not stored:
        return None
    moved = {slug: one for slug, one in stored["models"].items() if one["before"] != one["after"]}
    used = [part for part in PARTS if any(one["parts"][part] for one in moved.values())]
    rows = [
        {
            "slug": slug,
            "name": names.get(slug, slug),
            "before": one["before"],
            "after": one["after"],
            "change": signed(one["after"] - one["before"]),
            "parts": [signed(one["parts"][part]) for part in used],
        }
        for slug, one in sorted(
            moved.items(), key=lambda item: -abs(item[1]["after"] - item[1]["before"])
        )
    ]
    return {
        "from": stored["from"],
        "at": stored["at"][:16].replace("T", " "),
        "publications": stored.get("publications", 1),
        "finding": movement_finding(stored["votes"], rows),
        "parts": [str(PARTS[part]) for part in used],
        "rows": rows,
    }


def movement_finding(votes: Mapping[str, int], rows: list[dict[str, Any]]) -> str:
    """Say what came and went, and which model moved most."""
    came = ngettext("%(number)s new vote", "%(number)s new votes", votes["new"]) % {
        "number": f"{votes['new']:,}"
    }
    gone = ngettext("%(number)s vote gone", "%(number)s votes gone", votes["gone"]) % {
        "number": f"{votes['gone']:,}"
    }
    words = {"came": came, "gone": gone}
    if not rows:
        return _("%(came)s, %(gone)s: no rating moved") % words
    words |= {"model": rows[0]["name"], "change": rows[0]["change"]}
    return _("%(came)s, %(gone)s: %(model)s moved most, by %(change)s points") % words


def signed(points: float) -> str:
    """Return a change with its sign; the minus is the typographic one."""
    text = f"{points:+.2f}"
    return "0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def labels(board: Board) -> list[str]:
    """Return what a board is of, in the reader's words."""
    said = [source_label(board.source), slice_name(board.category, board.language)]
    if board.days:
        said.append(_("Last %(days)s days") % {"days": board.days})
    if board.style_controlled:
        said.append(_("Style controlled"))
    return [*said, board.get_method_display()]
