"""The boards' routes."""

from django.urls import path, re_path

from arena.boards import views

urlpatterns = [
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/table/", views.leaderboard_table, name="leaderboard_table"),
    path("gap/", views.gap, name="gap"),
    # Slugs of any script; the database takes no NUL.
    re_path(r"^models/(?P<slug>[^/\0]+)/$", views.model, name="model"),
]
