"""The language in which a socket speaks to its visitor."""

import pytest

from arena.voters.language import language_of_scope


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        (b"", b"", b"", "en"),
        (b"", b"", b"zh-TW,zh;q=0.9,en;q=0.5", "zh-hant"),
        (b"", b"", b"zh-CN", "zh-hans"),
        (b"", b"", b"xx, de;q=0.5", "en"),
        (b"", b"django_language=zh-hans", b"en", "zh-hans"),
        (b"language=zh-hant", b"django_language=zh-hans", b"en", "zh-hant"),
        (b"language=%00&language=x", b"", b"zh-CN", "zh-hans"),
    ],
)
def test_it_takes_the_first_wish_that_we_speak(
    query: bytes, cookie: bytes, accepted: bytes, language: str
) -> None:
    headers = [(b"cookie", cookie), (b"accept-language", accepted)]
    assert language_of_scope({"query_string": query, "headers": headers}) == language
