"""Django's sessions: staff's last, all others hold a question for as long as it may be answered."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

# A passkey's question, or a log-in that waits for its second factor (allauth gives it as long).
_SECONDS_OF_QUESTION = 900


class SessionStore(db.SessionStore):
    """Sessions in the database. One that no account has entered ends soon: anybody can open it."""

    def get_session_cookie_age(self) -> int:
        """Return how many seconds a session lasts from its last change."""
        return super().get_session_cookie_age() if SESSION_KEY in self else _SECONDS_OF_QUESTION
