"""What is taken out of texts before they are published, what is left, and how much is missed."""

import pytest

from arena.boards.releases.description import data_dictionary
from arena.boards.releases.personal_data import mask

# Made up, in many spellings. The numbers are reserved for fiction or are test numbers.
_SECRETS = {
    "EMAIL": (
        *(
            "jane.doe@example.com",
            "j_d+tag@mail.example.co.uk",
            "张三@例子.中国",
            "info@example.travel",
        ),
        *("JOHN@EXAMPLE.ORG", "o'neil@example.ie", "a.b-c@sub.example.museum", "x@example.io"),
        *("user％＠example.com".replace("％", ""), "first last@example.com".replace(" ", ".")),
    ),
    "PHONE": (
        *("+1 202-555-0143", "(202) 555-0143", "+44 20 7946 0958", "+49 30 901820"),
        *("13800138000", "+86 138 0013 8000", "0912-345-678", "+886 912 345 678"),
        *("+33 1 99 00 12 34", "+91 98765 43210"),
    ),
    "CARD": ("4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "4012888888881881"),
    "IBAN": (
        *("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"),
        *("FR1420041010050500013M02606", "NL91ABNA0417164300"),
    ),
    "IP": ("203.0.113.77", "198.51.100.23", "2001:db8:85a3::8a2e:370:7334"),
    "ID": ("11010519491231002X", "440308199001011239", "A123456789", "078-05-1120"),
    "SECRET": (
        "sk-proj-abcdefghijklmnopqrstuv",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "AKIAIOSFODNN7EXAMPLE",
    ),
}
_FRAMES = (
    "Please write to {} before Monday.",
    "我的联系方式是{}，请记下来。",
    "Meine Angabe lautet {} und nichts anderes.",
)
_HARMLESS = (
    "Sort [3, 1, 4, 1, 5, 9, 2, 6] in 2.5 seconds, please.",
    "In 1984 the price rose from 1,000 to 2,500 euros; see section 3.2.1.",
    "for i in range(10): print(i * 3.14159)",
    "2026-01-31 12:30:00",
    "北京在2008年举办了奥运会，有204个国家参加。",
    "Version 18.6 of Postgres, Python 3.13.2",
    "@dataclass\nclass Point:\n    x: int",
)


def test_what_it_misses_is_what_releases_say() -> None:
    cases = [
        (secret, frame.format(secret))
        for secrets in _SECRETS.values()
        for secret in secrets
        for frame in _FRAMES
    ]
    assert len(cases) > 100
    missed = [secret for secret, text in cases if secret in mask(text)]
    share = len(missed) / len(cases)
    said = " ".join(data_dictionary("live").split())
    assert f"{round(100 * share)} % of such data were missed" in said, (share, missed)
    assert f"set of {len(cases)} made-up" in said, len(cases)


@pytest.mark.parametrize("kind", _SECRETS)
def test_each_kind_is_named_in_the_text(kind: str) -> None:
    assert mask(f"Call {_SECRETS[kind][0]} now") == f"Call [{kind}] now"


@pytest.mark.parametrize("text", _HARMLESS)
def test_it_leaves_ordinary_numbers_alone(text: str) -> None:
    assert mask(text) == text
