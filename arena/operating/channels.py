"""The ways in which alarms leave the house: e-mail and a webhook."""

import asyncio
import smtplib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage

from arena.operating.models import Notice
from workers.endpoints import AddressPolicy, EndpointError
from workers.webhook import post_json

_LONGEST_SUBJECT = 150


class NotSentError(Exception):
    """A channel did not take a message; the text is a code of ours, which tells no address."""


@dataclass(frozen=True)
class Message:
    """What is told at one time by one channel.

    Attributes
    ----------
    id : str
        The same when it is sent again because nobody knows whether it arrived.
    subject : str
    lines : sequence of str
    problems : sequence of mapping
        The same for machines.
    """

    id: str
    subject: str
    lines: Sequence[str]
    problems: Sequence[Mapping[str, str]] = ()


def configured() -> list[str]:
    """Return the channels that the settings name."""
    named = {
        Notice.Channel.EMAIL: settings.ALARM_EMAILS,
        Notice.Channel.WEBHOOK: settings.ALARM_WEBHOOK,
    }
    return [channel.value for channel, address in named.items() if address]


def described() -> str:
    """Return where alarms go, without what is secret of it."""
    emails, webhook = settings.ALARM_EMAILS, settings.ALARM_WEBHOOK
    parts = [f"e-mail to {', '.join(emails)}"] if emails else []
    parts += [f"a webhook at {urlsplit(webhook).hostname}"] if webhook else []
    return " and ".join(parts)


def send(channel: str, message: Message) -> None:
    """Send a message by one channel.

    Raises
    ------
    NotSentError
        When the other side did not take it.
    """
    _SENDERS[channel](message)


def _send_email(message: Message) -> None:
    letter = EmailMessage(
        # Names of models are in it, and no letter has a subject of two lines.
        subject=" ".join(message.subject.split())[:_LONGEST_SUBJECT],
        body="\n".join(message.lines),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=settings.ALARM_EMAILS,
        headers={
            "Message-ID": f"<{message.id}@{_domain()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    try:
        letter.send()
    except (OSError, ValueError, smtplib.SMTPException) as error:  # refused, away, or not believed
        raise NotSentError(type(error).__name__) from None


def _send_webhook(message: Message) -> None:
    document = {
        # What Slack, Mattermost and their like show; Discord's /slack addresses too.
        "text": "\n".join([f"*{message.subject}*", *message.lines]),
        "id": message.id,
        "site": settings.SITE_NAME,
        "problems": list(message.problems),
    }
    policy = AddressPolicy.allowing(*settings.ALARM_WEBHOOK_ALLOW)
    try:
        asyncio.run(post_json(settings.ALARM_WEBHOOK, document, policy=policy))
    except EndpointError as error:
        raise NotSentError(error.code) from None


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "localhost"


_SENDERS: Mapping[str, Callable[[Message], None]] = {
    Notice.Channel.EMAIL: _send_email,
    Notice.Channel.WEBHOOK: _send_webhook,
}
