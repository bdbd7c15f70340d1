"""Everything that can go wrong between us and an endpoint.

::

    EndpointError
    ├── AddressRefused   address_refused    the address may not be called at all
    │                    address_private    ... unless the deployment's allow-list names it
    ├── Unreachable      unreachable        no connection, or it broke before the status line
    │   └── Untrusted    untrusted          its certificate is not to be believed
    ├── Refused          auth               401, 403: the key is missing, wrong or not allowed
    │                    payment            402: the account has no balance
    │                    not_found          404: wrong base URL or model name
    │                    redirected         3xx: redirects are never followed
    │                    bad_request        any other 4xx: a parameter, or a prompt that is too long
    ├── RateLimited      rate_limited       429
    ├── ServerFailed     server_failed      5xx, or an error object inside the stream
    ├── TimedOut         timeout_connect, timeout_first_token, timeout_idle, timeout_total
    ├── Malformed        content_type       200, but not an event stream
    │                    malformed          the stream is not what the protocol says
    ├── TooLarge         too_large_line, too_large_answer, too_large_body
    ├── EmptyAnswer      empty              it ended in order, without a word of answer
    └── Truncated        truncated          it ended without a finish reason

``code`` is stable: it is stored, counted and translated. ``str(error)`` is a sentence of ours.
``detail`` may quote the upstream, which likes to name the model: it is for administrators only,
and must never reach a voter.
"""

# ruff: noqa: N818 -- read `raise Refused("auth")`; the base class says that they are errors

from typing import Literal

type Clock = Literal["connect", "first_token", "idle", "total"]
type Cap = Literal["line", "answer", "body"]


class EndpointError(Exception):
    """An endpoint gave no usable answer.

    Attributes
    ----------
    code : str
        One of the codes in this module's table.
    before_first_token : bool
        True while nothing of the answer had been handed on, so that a new pair may still be drawn.
    detail : str
        What the upstream said, or what broke, at most 2,000 characters. Administrators only.
    """

    code = "error"
    sentence = "The endpoint failed."
    # Whether a refusal before the first token says for sure that nothing was computed.
    _refuses = False

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.sentence)
        self.detail = detail[:2000]
        self.before_first_token = True

    @property
    def charged(self) -> bool:
        """Whether the endpoint may charge for the call: unless it never began, or said no."""
        return not (self._refuses and self.before_first_token)


class AddressRefused(EndpointError):
    """The base URL is not http(s), or leads to an address that may not be called.

    ``allowance`` is what the deployment's allow-list would have to name; empty where nothing helps.
    """

    sentence = "This address may not be called."
    _refuses = True

    def __init__(self, detail: str = "", *, allowance: str = "") -> None:
        super().__init__(detail)
        self.allowance = allowance
        self.code = "address_private" if allowance else "address_refused"


class Unreachable(EndpointError):
    """There was no connection, or it broke before the status line (then it was ``connected``)."""

    code = "unreachable"
    sentence = "The endpoint could not be reached."

    def __init__(self, detail: str = "", *, connected: bool = True) -> None:
        super().__init__(detail)
        self._refuses = not connected


class Untrusted(Unreachable):
    """The certificate is out of date, signed by nobody known, or made for another name."""

    code = "untrusted"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, connected=False)


class Refused(EndpointError):
    """The endpoint answered, and said no."""

    sentence = "The endpoint refused the request."
    _refuses = True

    def __init__(
        self,
        code: Literal["auth", "payment", "not_found", "redirected", "bad_request"],
        detail: str = "",
    ) -> None:
        super().__init__(detail)
        self.code = code


class RateLimited(EndpointError):
    """429. ``retry_after`` is in seconds, where the endpoint gave it as a number."""

    code = "rate_limited"
    _refuses = True
    sentence = "The endpoint has too many requests."

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ServerFailed(EndpointError):
    """5xx, or an error object in the middle of the stream."""

    code = "server_failed"
    _refuses = True
    sentence = "The endpoint had an error of its own."


class TimedOut(EndpointError):
    """One of the four clocks ran out; ``code`` names it."""

    sentence = "The endpoint took too long."

    def __init__(self, clock: Clock) -> None:
        super().__init__(f"the {clock} limit passed")
        self.code = f"timeout_{clock}"
        self._refuses = clock == "connect"


class Malformed(EndpointError):
    """The endpoint does not speak the protocol."""

    sentence = "The endpoint sent something that is not an answer."

    def __init__(
        self, detail: str = "", *, code: Literal["malformed", "content_type"] = "malformed"
    ) -> None:
        super().__init__(detail)
        self.code = code


class TooLarge(EndpointError):
    """A cap was reached; ``code`` names it."""

    sentence = "The endpoint sent more than is allowed."

    def __init__(self, cap: Cap) -> None:
        super().__init__(f"the cap on one {cap} was reached")
        self.code = f"too_large_{cap}"


class EmptyAnswer(EndpointError):
    """The stream ended in order, without a word of answer."""

    code = "empty"
    sentence = "The endpoint sent an empty answer."


class Truncated(EndpointError):
    """The stream ended, or broke, without a finish reason."""

    code = "truncated"
    sentence = "The endpoint's answer broke off."
