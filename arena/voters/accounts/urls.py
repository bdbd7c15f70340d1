"""Routes of a voter's account."""

from django.urls import path

from arena.voters.accounts import pages

app_name = "account"
urlpatterns = [
    path("", pages.account, name="mine"),
    path("send/", pages.send_code, name="send"),
    path("code/", pages.take_code, name="code"),
    path("passkey/question/", pages.passkey_question, name="passkey_question"),
    path("passkey/", pages.passkey_sign_in, name="passkey"),
    path("passkeys/offer/", pages.passkey_offer, name="passkey_offer"),
    path("passkeys/", pages.add_passkey, name="add_passkey"),
    path("passkeys/remove/", pages.remove_passkey, name="remove_passkey"),
    path("sign-out/", pages.sign_out, name="sign_out"),
    path("sign-out/others/", pages.sign_out_others, name="sign_out_others"),
]
