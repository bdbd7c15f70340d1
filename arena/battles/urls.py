"""Routes of the voter's pages and of the vote."""

from django.urls import path

from arena.battles import views
from arena.battles.mine import pages as mine
from arena.battles.pictures import pages as pictures

app_name = "battles"
urlpatterns = [
    path("", views.battle_page, name="new"),
    path("side-by-side/", views.battle_page, {"seats": 2}, name="side_by_side"),
    path("chat/", views.battle_page, {"seats": 1}, name="chat"),
    path("battle/<uuid:battle_id>/", views.battle_page, name="battle"),
    path("battle/<uuid:battle_id>/vote/", views.vote, name="vote"),
    path("battle/<uuid:battle_id>/vote/undo/", views.undo, name="undo"),
    path("battle/<uuid:battle_id>/reveal/", views.reveal_view, name="reveal"),
    path("battle/<uuid:battle_id>/reasons/", mine.reasons, name="reasons"),
    path("battle/<uuid:battle_id>/share/", mine.share, name="share"),
    path("battle/<uuid:battle_id>/share/end/", mine.unshare, name="unshare"),
    path("pictures/", pictures.keep, name="pictures"),
    path("pictures/<uuid:picture_id>/", pictures.show, name="picture"),
    path("shared/<slug:token>/", mine.shared, name="shared"),
    path("shared/<slug:token>/pictures/<int:number>/", pictures.shared, name="turn_picture"),
    path("me/", mine.history, name="mine"),
    path("me/export/", mine.export, name="export"),
    path("me/erase/", mine.erase, name="erase"),
]
