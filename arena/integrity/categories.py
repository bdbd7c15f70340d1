"""The category of a prompt by plain rules, where no judge has labelled it yet."""

import re

_CODE = re.compile(
    r"```|^\s*(?:def |class |import |from \w+ import |#include|function |const |let |public "
    r"(?:static|class) |SELECT .+ FROM |fn |package )"
    r"|\b(?:python|javascript|typescript|java|kotlin|rust|golang|c\+\+|c#|sql|regex|html|css|bash|"
    r"stack trace|traceback|unit tests?|refactor)\b"
    r"|(?:编程|編程|代码|程式碼|写程序|寫程式)",
    re.IGNORECASE | re.MULTILINE,
)
_MATHEMATICS = re.compile(
    r"\\(?:frac|int|sum|sqrt|begin\{(?:equation|align|pmatrix))|\$[^$\n]*[=^\\][^$\n]*\$"
    r"|\b(?:prove that|solve for|integral of|derivative of|how many ways)\b"
    r"|(?:证明|證明|求解|方程|积分|積分|导数|導數)",
    re.IGNORECASE,
)
# The first rule that fits names the category.
_RULES = (("coding", _CODE), ("mathematical_reasoning", _MATHEMATICS))


def categorise(prompt: str) -> str:
    """Return the category that a rule gives a prompt, or "" when none fits."""
    return next((category for category, rule in _RULES if rule.search(prompt)), "")
