"""The boards' routes."""

from django.urls import path

from arena.boards import views

urlpatterns = [
    path("leaderboard/", views.leaderboard, name="leaderboard"),
    path("leaderboard/table/", views.leaderboard_table, name="leaderboard_table"),
    path("gap/", views.gap, name="gap"),
    path("models/<str:slug>/", views.model, name="model"),
]
