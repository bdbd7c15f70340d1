"""The one error of the embedded servers."""


class EmbeddedError(Exception):
    """The embedded servers cannot be used; the message says why and what to do about it."""
