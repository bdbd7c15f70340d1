"""The language of a prompt, told by its script; honest about what it can't tell.

A well-kept statistical detector can take the place of `detect_language` without another change:
it takes a text and returns a BCP 47 tag, or nothing.
"""

import re
import unicodedata
from collections import Counter

# What identifies a language says little about it past this length.
_LOOK_AT = 4000
_LEAST_SHARE = 0.25

# Frequent characters that exist in one of the two Chinese scripts only, in pairs.
_SIMPLIFIED = frozenset(
    "这们个说国来时对会学为么发没样还过现进动种两开问间关无机长见气话问题电车书"
    "东门风马鸟鱼龙点线语译请谢给让应该难简单实际网络数据类设计经济历"
)
_TRADITIONAL = frozenset(
    "這們個說國來時對會學為麼發沒樣還過現進動種兩開問間關無機長見氣話問題電車書"
    "東門風馬鳥魚龍點線語譯請謝給讓應該難簡單實際網絡數據類設計經濟歷"
)
_COMMON_ENGLISH = (
    "the a an of to in is are and for with what how why do does can you i it that this write "
    "me my please on as be if or by from at not your explain give make list which who when "
    "was were has have would should could about between into them they we he she his her"
)
_ENGLISH = frozenset(re.findall(r"\w+", _COMMON_ENGLISH))
# First letter of the range, last letter, script.
_RANGES = (
    ("\u3040", "\u30ff", "kana"),
    ("\u3400", "\u9fff", "han"),
    ("\uac00", "\ud7af", "hangul"),
    ("\u1100", "\u11ff", "hangul"),
    ("\u0400", "\u04ff", "cyrillic"),
    ("\u0600", "\u06ff", "arabic"),
    ("\u0590", "\u05ff", "hebrew"),
    ("\u0370", "\u03ff", "greek"),
    ("\u0e00", "\u0e7f", "thai"),
    ("\u0900", "\u097f", "devanagari"),
    ("A", "z", "latin"),
    ("\u00c0", "\u024f", "latin"),
)
# A script that one language of ours writes, unless a letter says that it is another's.
_BY_SCRIPT = {
    "hangul": ("ko", re.compile(r"(?!)")),
    "cyrillic": ("ru", re.compile("[іїєґўјљњћђѓќәғқңөұү]", re.IGNORECASE)),
    "arabic": ("ar", re.compile("[پچژگٹڈڑںےہ]")),
    "hebrew": ("he", re.compile(r"(?!)")),
    "greek": ("el", re.compile(r"(?!)")),
    "thai": ("th", re.compile(r"(?!)")),
    "devanagari": ("hi", re.compile("[ळ]")),
}
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+", re.DOTALL)


def detect_language(text: str) -> str:
    """Return the BCP 47 tag of a text's main language, or "" when it can't be told.

    Code and addresses are left out. Chinese is `zh-Hans` or `zh-Hant` where a character tells
    them apart, otherwise `zh`.
    """
    prose = unicodedata.normalize("NFC", _CODE.sub(" ", text[:_LOOK_AT]))
    scripts = Counter(filter(None, map(_script, prose)))
    total = sum(scripts.values())
    if not total:
        return ""
    # One character of these scripts says as much as a short word in letters.
    heavy = {script: scripts[script] * 3 for script in ("han", "kana", "hangul")}
    if heavy["kana"] and (heavy["kana"] + heavy["han"]) / total >= _LEAST_SHARE:
        return "ja"
    if heavy["han"] / total >= _LEAST_SHARE and heavy["han"] >= heavy["hangul"]:
        return _chinese(prose)
    if heavy["hangul"] / total >= _LEAST_SHARE:
        return "ko"
    main = scripts.most_common(1)[0][0]
    if main == "latin":
        return _latin(prose)
    language, foreign = _BY_SCRIPT.get(main, ("", re.compile("")))
    return "" if foreign.search(prose) else language


def _script(character: str) -> str | None:
    if not character.isalpha():
        return None
    for first, last, script in _RANGES:
        if first <= character <= last:
            return script
    return "other"


def _chinese(prose: str) -> str:
    simplified = sum(character in _SIMPLIFIED - _TRADITIONAL for character in prose)
    traditional = sum(character in _TRADITIONAL - _SIMPLIFIED for character in prose)
    if simplified == traditional:
        return "zh"
    return "zh-Hans" if simplified > traditional else "zh-Hant"


def _latin(prose: str) -> str:
    """Return `en` when common English words carry the text; other languages are not guessed."""
    words = re.findall(r"[^\W\d_]+", prose.casefold())
    common = sum(word in _ENGLISH for word in words)
    accented = sum(not word.isascii() for word in words)
    return "en" if common >= max(1, len(words) / 8) and accented <= len(words) / 10 else ""
