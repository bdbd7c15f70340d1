"""Does an answer refuse the request? Told by how refusals begin, in the languages of the site."""

import re
import unicodedata

_REFUSING = re.compile(
    r"^\W*(?:(?:i'?m|i am) (?:really |very |so )?(?:sorry|afraid)|sorry|i apologi[sz]e|"
    r"unfortunately)?[\s,.—–-]*(?:but )?(?:i|we)(?: |')?(?:can'?t|cannot|can not|am unable to|"
    r"'m unable to|"
    r"m unable to|am not able to|m not able to|won'?t|will not|must decline|have to decline|"
    r"do not feel comfortable|don'?t feel comfortable)"
    r"(?: be able to)? (?:help|assist|provide|comply|fulfil|fulfill|support|create|write|generate|"
    r"answer|discuss|engage|do|share|give|continue|participate|to)\b"
    r"|^\W*as an ai(?: language model| assistant)?,? i (?:can'?t|cannot|am unable|am not able)\b"
    r"|^\W*(?:很?抱歉|对不起|對不起|不好意思)[，,。！\s]*(?:但|不过|不過)?(?:作为|作為|身为|身為)?[^。\n]{0,20}?"
    r"(?:我)?(?:不能|无法|無法|没办法|沒辦法|不便)"
    r"|^\W*我(?:不能|无法|無法|没办法|沒辦法)(?:帮|幫|提供|协助|協助|回答|满足|滿足|参与|參與)",
    re.IGNORECASE,
)
_BEGINNING = 300


def refuses(answer: str) -> bool:
    """Return whether an answer begins as refusals do."""
    beginning = unicodedata.normalize("NFKC", answer[:_BEGINNING]).replace("’", "'")
    return bool(_REFUSING.search(beginning))
