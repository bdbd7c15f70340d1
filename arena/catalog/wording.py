"""What an admission test found, in sentences that say what to do. For administrators only."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from arena.catalog.addresses import refusal_of_address
from arena.catalog.budget import SENTENCES, Spend
from arena.catalog.crowding import Crowding
from workers.endpoints import Step, StepName

_NAMES_SHOWN = 8
_DETAIL_SHOWN = 300

TITLES: Mapping[StepName, str] = {
    "reach": "Reachable",
    "key": "Key accepted",
    "model": "Model known",
    "stream": "Streams an answer",
    "usage": "Counts tokens",
    "system": "System message",
    "token_limit": "Token limit",
    "temperature": "Temperature",
    "images": "Images",
    "context": "Longest prompt",
    "speed": "Speed",
    "concurrency": "Calls at once",
}

_ERRORS = {
    "auth": "The server refused the key: it is wrong, missing or not allowed to use this model.",
    "payment": "The server wants money first: the account has no balance.",
    "redirected": "The server sends callers to another address, and redirects are not followed: "
    "enter the address that it redirects to.",
    "bad_request": "The server did not accept the request: the model name or a parameter is wrong.",
    "not_found": "The server knows neither this path nor this model: look at the base URL (many "
    "end in /v1) and at the model name.",
    "rate_limited": "The server has too many requests or the account's limit is reached: "
    "try again later.",
    "server_failed": "The server had an error of its own: try again later, or look at its log.",
    "unreachable": "Nothing answers at this address: look at host and port, and whether the "
    "server runs.",
    "untrusted": "The server's certificate cannot be believed: it is out of date, signed by nobody "
    "known here, or made for another name. Nothing was sent to it.",
    "timeout_connect": "There was no connection in time: look at host and port, or a firewall.",
    "timeout_first_token": "The server took the request but did not begin to answer in time.",
    "timeout_idle": "The answer began and then stopped coming.",
    "timeout_total": "The answer did not end in time.",
    "content_type": "The server answers, but does not stream: battles need an OpenAI-compatible "
    "server with streaming (server-sent events). Often the base URL is that of a web page.",
    "malformed": "The server streams something that is not the OpenAI protocol.",
    "empty": "The server answered in order, but without a word.",
    "truncated": "The answer broke off without saying why it ended.",
    "no_slot": "Battles had all of its calls at once, or its GPU group, for minutes, and visitors "
    "come first: it is asked again later.",
    "slots_unknown": "Redis, which counts an endpoint's calls over all processes, does not answer: "
    "try again when it does.",
    "interrupted": "The test was interrupted: the process that ran it has ended. Test again.",
    "changed": "The endpoint was changed while this test ran; another test began then.",
    **dict.fromkeys(
        ("unusable", "misconfigured"),
        "The endpoint cannot be called as it is stored: its key cannot be read any more, or a "
        "parameter is not allowed. Enter the key again, or look at PARITY_ENCRYPTION_KEYS.",
    ),
}
_LEFT_OPEN = "This was not found out; the next test asks again."
_OTHER = "The server's answer cannot be used."

_CHANGES = {
    "no_stream_options": "does not ask for usage",
    "max_completion_tokens": "calls the token limit max_completion_tokens",
    "no_token_limit": "sends no token limit",
    "no_system_role": "puts the system prompt into the first message",
}


def title_of(step: StepName) -> str:
    """Return what a step is called."""
    return TITLES[step]


def sentence_of(step: Step) -> str:
    """Return what a step found, in a sentence or two."""
    if step.name == "concurrency" and step.outcome == "adapted":
        return _too_many(step)
    said = _SAID.get((step.name, step.code))
    if said is not None:
        return said(step.values)
    why = sentence_of_error(step.code, step.values)
    return f"{_LEFT_OPEN} {why}" if step.outcome == "unknown" else why


def sentence_of_error(code: str, values: Mapping[str, Any] | None = None) -> str:
    """Return what an error's code means and what to do about it."""
    values = values or {}
    if code.startswith("address_"):
        return refusal_of_address(values.get("allowance", ""))
    if code == "wrong_name":
        return _wrong_name(values.get("offered", []))
    return _ERRORS.get(code) or SENTENCES.get(code, _OTHER)


def sentence_of_crowding(crowding: Crowding) -> str:
    """Return when it is tried again how many calls at once an endpoint takes."""
    tests = "One test" if crowding.tries == 1 else f"{crowding.tries} tests in a row"
    return (
        f"{tests} did not find room for all calls at once that are allowed. The schedule tries "
        f"again after {crowding.again_at:%-d %B, %H:%M} UTC, and waits twice as long each time, up "
        "to 30 days; “Test now” tries at once."
    )


def sentence_of_spend(spend: Spend, refusal: str = "") -> str:
    """Return what was spent, in a line, and why no more can be where that is so."""
    held = f", and {_dollars(spend.reserved)} held for calls that run" if spend.reserved else ""
    said = (
        f"{_dollars(spend.today)} today (UTC){_of_cap(spend.daily_cap)}, "
        f"{_dollars(spend.total)} in total{_of_cap(spend.total_cap)}{held}."
    )
    return f"{said} {SENTENCES[refusal]}" if refusal else said


def _of_cap(cap: Decimal | None) -> str:
    return "" if cap is None else f" of {_dollars(cap)}"


def _dollars(amount: Decimal) -> str:
    """Return an amount with cents; less than a cent in full."""
    return f"${amount.normalize():f}" if 0 < amount < Decimal("0.01") else f"${amount:,.2f}"


def line_of(step: Step) -> str:
    """Return a step as a line of text, for a shell."""
    mark = {"passed": "ok", "failed": "FAILED"}.get(step.outcome, step.outcome)
    line = f"{title_of(step.name):<18} {mark:<8} {sentence_of(step)}"
    return f"{line} In detail: {step.detail[:_DETAIL_SHOWN]}" if _needs_detail(step) else line


def _needs_detail(step: Step) -> bool:
    return step.outcome == "failed" and bool(step.detail)


def _wrong_name(offered: list[str]) -> str:
    if not offered:
        return "The server has no model of this name. Its last test says which it offers."
    shown = ", ".join(offered[:_NAMES_SHOWN])
    more = f" and {len(offered) - _NAMES_SHOWN:,} more" if len(offered) > _NAMES_SHOWN else ""
    return f"The server has no model of this name. It offers {shown}{more}."


def _constant(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: text


def _speed(found: Mapping[str, Any]) -> str:
    rate = found.get("rate")
    first = f"First token after {found['seconds']:.2f} s"
    return f"{first}, then {rate:g} tokens a second." if rate else f"{first}."


def _context(found: Mapping[str, Any]) -> str:
    said = f"It takes {found['characters']:,} characters, the longest prompt of this site"
    listed = f"; the server says {found['tokens']:,} tokens" if found.get("tokens") else ""
    return f"{said}{listed}."


def _too_short(found: Mapping[str, Any]) -> str:
    size = f": its context is {found['tokens']:,} tokens" if found.get("tokens") else ""
    return f"The longest prompt of this site does not fit{size}. Such prompts will fail here."


def _too_many(step: Step) -> str:
    said = f"{step.values['tried']} at once were too many"
    gets = f"it gets at most {step.values['calls']} until a test finds that it takes more"
    why = "" if step.code == "rate_limited" else f" {sentence_of_error(step.code)}"
    return f"{said}; {gets}.{why}"


_Said = Callable[[Mapping[str, Any]], str]
_SAID: Mapping[tuple[StepName, str], _Said] = {
    ("reach", "ok"): _constant("It answers."),
    ("reach", "waited"): lambda v: f"It answers, after {v['seconds']} s of loading.",
    ("key", "ok"): _constant("It lets us in."),
    ("model", "ok"): _constant("It knows the model."),
    ("stream", "ok"): _constant("It answers and streams."),
    ("stream", "one_piece"): _constant("It answers and streams, this time in one piece."),
    ("stream", "adapted"): lambda v: (
        "It answers and streams. It refused something, so from now on the arena "
        + ", ".join(_CHANGES.get(change, f"leaves {change} out") for change in v["changes"])
        + "."
    ),
    ("usage", "ok"): _constant("It says how many tokens it used."),
    ("usage", "estimated"): _constant("It does not say: tokens are estimated, and marked so."),
    ("system", "ok"): _constant("It takes one."),
    ("system", "no_system_role"): _constant(
        "It takes none: a system prompt goes in front of the first message."
    ),
    ("token_limit", "max_tokens"): _constant("It stops where max_tokens says."),
    ("token_limit", "max_completion_tokens"): _constant(
        "It stops where max_completion_tokens says."
    ),
    ("token_limit", "ignored"): _constant(
        "It takes a limit and does not keep it: what an answer costs cannot be bounded."
    ),
    ("token_limit", "short"): _constant(
        "Its answers ended before the limit, so whether it keeps one was not found out; the next "
        "test asks again."
    ),
    ("token_limit", "refused"): _constant("It takes none: what an answer costs cannot be bounded."),
    ("temperature", "ok"): _constant("It takes one."),
    ("temperature", "refused"): _constant("It takes none but its own: none is sent."),
    ("images", "ok"): _constant("It sees them."),
    ("images", "unseen"): _constant("It takes a picture, but does not see what is on it."),
    ("images", "refused"): _constant("It takes none."),
    ("context", "ok"): _context,
    ("context", "forgot"): _context,
    ("context", "too_short"): _too_short,
    ("context", "truncated"): lambda v: (
        f"It cuts long prompts without saying so, at about {v['tokens']:,} tokens: give the server "
        "a longer context, or answers will miss the beginning."
    ),
    ("speed", "ok"): _speed,
    ("concurrency", "ok"): lambda v: f"{v['calls']} at once went well.",
    ("concurrency", "rate"): _constant(
        "It takes so many calls a minute, also one after another, so how many at once was not "
        "found out: enter the calls a minute of your account, or battles will be refused."
    ),
}
