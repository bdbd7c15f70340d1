"""Routes of the voter's pages and of the vote."""

from django.urls import path

from arena.battles import views

app_name = "battles"
urlpatterns = [
    path("", views.battle_page, name="new"),
    path("battle/<uuid:battle_id>/", views.battle_page, name="battle"),
    path("battle/<uuid:battle_id>/vote/", views.vote, name="vote"),
    path("battle/<uuid:battle_id>/vote/undo/", views.undo, name="undo"),
    path("battle/<uuid:battle_id>/reveal/", views.reveal_view, name="reveal"),
]
