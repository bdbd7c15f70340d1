"""Every public page of the site, once: what tests of all pages and the screenshots go through.

A route that answers people with a page stands in `PAGES`; one that does not, in `NOT_A_PAGE`;
one that needs something first (a battle, a link), in `REACHED`, with the test that goes there.
"""

from dataclasses import dataclass

SIMULATED = "source=simulated"
ASTER, OBELISK = "simulated-aster-4-200b", "simulated-obelisk-2"


@dataclass(frozen=True)
class PublicPage:
    """A page that anyone can open by its address; boards show the simulated votes."""

    name: str
    route: str
    address: str


PAGES = (
    PublicPage("landing", "battles:new", "/"),
    PublicPage("side-by-side", "battles:side_by_side", "/side-by-side/"),
    PublicPage("chat", "battles:chat", "/chat/"),
    PublicPage("history-empty", "battles:mine", "/me/"),
    PublicPage("erase-empty", "battles:erase", "/me/erase/"),
    PublicPage("own-board-empty", "own_board", "/me/board/"),
    PublicPage("leaderboard", "leaderboard", f"/leaderboard/?{SIMULATED}"),
    PublicPage("leaderboard-empty", "leaderboard", "/leaderboard/?q=nothing-has-this-name"),
    PublicPage("gap", "gap", f"/gap/?{SIMULATED}"),
    PublicPage("gap-published", "gap", f"/gap/?{SIMULATED}&view=published"),
    PublicPage("which", "which", f"/which/?{SIMULATED}&gpus=2&gb=40&commercial=on"),
    PublicPage("model", "model", f"/models/{ASTER}/"),
    PublicPage("compare", "compare", f"/compare/{ASTER}/{OBELISK}/"),
    PublicPage("compare-choose", "compare_choose", "/compare/"),
    PublicPage("method", "method", f"/method/?{SIMULATED}"),
    PublicPage("transparency", "transparency", f"/transparency/?{SIMULATED}"),
    PublicPage("data", "releases", "/data/"),
    PublicPage("account", "account:mine", "/me/account/"),
    PublicPage("log-in", "account_login", "/admin/account/login/"),
)
REACHED = {
    "battles:battle": "test_accessibility.py: each state of a battle",
    "battles:shared": "test_mine.py: a link works for others until it is ended",
    "snapshot": "test_board_pages.py: a board's id leads to its figures",
    "account:code": "test_accounts.py: after a code was asked for",
}
NOT_A_PAGE = {
    "account:send",
    "account:passkey_question",
    "account:passkey",
    "account:passkey_offer",
    "account:add_passkey",
    "account:remove_passkey",
    "account:sign_out",
    "account:sign_out_others",
    "battles:vote",
    "battles:undo",
    "battles:reveal",
    "battles:reasons",
    "battles:share",
    "battles:unshare",
    "battles:export",
    "battles:pictures",
    "battles:picture",
    "battles:turn_picture",
    "set_language",
    "shared_picture",
    "leaderboard_table",
    "chart",
}
