"""The boards' routes."""

from django.urls import path, re_path

from arena.boards.pages import (
    compare,
    gap,
    leaderboard,
    method,
    model,
    own,
    pictures,
    releases,
    shared_battle,
    snapshot,
    transparency,
    which,
)

urlpatterns = [
    path("leaderboard/", leaderboard.leaderboard, name="leaderboard"),
    path("leaderboard/table/", leaderboard.leaderboard_table, name="leaderboard_table"),
    path("gap/", gap.gap, name="gap"),
    path("charts/<slug:name>.<slug:form>", pictures.chart, name="chart"),
    path("which/", which.which, name="which"),
    path("shared/<slug:token>/picture.png", shared_battle.picture_of_battle, name="shared_picture"),
    re_path(r"^snapshots/(?P<replay_id>[0-9a-f]{64})/$", snapshot.snapshot, name="snapshot"),
    path("data/", releases.releases, name="releases"),
    path("me/board/", own.own, name="own_board"),
    path("method/", method.method, name="method"),
    path("transparency/", transparency.transparency, name="transparency"),
    path("compare/", compare.choose, name="compare_choose"),
    re_path(r"^compare/(?P<first>[^/\0]+)/(?P<second>[^/\0]+)/$", compare.compare, name="compare"),
    # Slugs of any script; the database takes no NUL.
    re_path(r"^models/(?P<slug>[^/\0]+)/$", model.model, name="model"),
]
