"""Answers of models that do not exist: believable Markdown, in the prompt's language.

They take up the prompt's topic and the turn before, and each style of `workers.demo.fiction` has
its own form, so that a voter has something to prefer. There is no knowledge in them.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workers.demo.fiction import FictionalModel, Style
from workers.demo.phrases import ENGLISH, SIMPLIFIED, TRADITIONAL, Phrases

_IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
_TOPIC_LENGTH = 60
# What comes before the topic of a question. Applied until nothing more comes off.
_LEAD = re.compile(
    r"(?:please|can you|could you|would you|i want to know|tell me|give me|show me|help me|explain"
    r"|describe|write|make|what(?:'s| is| are| was)?|who (?:is|was)"
    r"|how (?:do|does|can)|how to|(?:should|can) (?=i|you|we)|(?:i|you|we|it)(?= )"
    r"|how|why (?:is|are|do|does)|why|about|to|me|a|an|the|some|short|brief"
    r"|(?:poem|story|essay|function|list)(?: about| on| of| for| that| to)?"
    r")\b[\s:,]*",
    re.IGNORECASE,
)
_CHINESE_LEAD = re.compile(
    r"^(?:[请請][问問]?|[帮幫]我|[给給]我|能否|什[么麼]是|[为為]什[么麼]|如何|怎[么麼][样樣]?"
    r"|解[释釋](?:一下)?|介[绍紹](?:一下)?|[写寫][一两兩]?[首篇个個段封]?|[关關][于於])+"
)
_CHINESE_TAIL = re.compile(
    r"(?:到底|是什[么麼](?:意思)?|有哪些|怎[么麼][办辦]|[吗嗎]|呢"
    r"|的(?:[诗詩]|故事|文章|函[数數式]))+$"
)

_KINDS: Mapping[str, re.Pattern[str]] = {
    "greeting": re.compile(
        r"^\W*(?:hi|hello|hey|good (?:morning|evening)|你好|您好|嗨)\W*$", re.IGNORECASE
    ),
    "code": re.compile(
        r"\b(?:code|python|javascript|sql|function|regex|program|script)\b|代码|函数|程序|编程|程式|函式",
        re.IGNORECASE,
    ),
    "maths": re.compile(
        r"\b(?:equation|integral|derivative|probability|prove|formula|solve)\b"
        r"|方程|公式|[积積]分|[导導][数數]|概率|機率|[证證]明",
        re.IGNORECASE,
    ),
    "verse": re.compile(r"\b(?:poem|poetry|haiku|verse|song)\b|[诗詩]|歌[词詞]", re.IGNORECASE),
}


def compose(model: FictionalModel, messages: Sequence[Mapping[str, Any]]) -> str:
    """Return the answer of a model to a conversation; the same input gives the same text."""
    prompts = [_text(message) for message in messages if message.get("role") == "user"] or [""]
    speech = _Speech(model, prompts)
    if speech.kind == "greeting":
        return speech.pick("greeting")
    if speech.kind == "verse":
        return "\n\n".join([*speech.lead_in(), speech.pick("verse"), speech.pick("closing")])
    return "\n\n".join([*speech.lead_in(), *_FORMS[model.style](speech)])


class _Speech:
    """One answer in the making: the language, the topic, and a choice among the phrases."""

    def __init__(self, model: FictionalModel, prompts: Sequence[str]) -> None:
        prompt = prompts[-1]
        self.phrases = phrases_for(prompts)
        self.kind = next((k for k, pattern in _KINDS.items() if pattern.search(prompt)), "plain")
        self._topic = topic_of(prompt)
        self._earlier = topic_of(prompts[-2]) if len(prompts) > 1 else None
        self._seed = hashlib.sha256(f"{model.name}\n{prompt}".encode(errors="replace")).digest()

    def pick(self, name: str) -> str:
        """Choose one of the phrases of this name."""
        choices: Sequence[str] = getattr(self.phrases, name)
        return self.fill(choices[self._seed[len(name) % 32] % len(choices)])

    def fill(self, phrase: str) -> str:
        """Put the topic in; not `str.format`, because formulas have braces of their own."""
        filled = phrase.replace("{topic}", self._topic)
        return filled.replace("{earlier}", self._earlier or self._topic)

    def lead_in(self) -> list[str]:
        """Return how the answer takes up an earlier turn, if there was one."""
        return [self.pick("follow_up")] if self._earlier else []

    def points(self, count: int) -> list[tuple[str, str]]:
        """Choose some points, in an order of their own for each prompt."""
        start = self._seed[0] % len(self.phrases.points)
        turned = self.phrases.points[start:] + self.phrases.points[:start]
        return [(name, self.fill(text)) for name, text in turned[:count]]

    def bullets(self, count: int) -> str:
        """Return points as a list."""
        return "\n".join(
            f"- **{name}**{self.phrases.colon}{text}" for name, text in self.points(count)
        )

    def steps(self) -> str:
        """Return the steps as a numbered list."""
        steps = enumerate(self.phrases.steps, start=1)
        return "\n".join(f"{number}. {self.fill(step)}" for number, step in steps)

    def table(self) -> str:
        """Return the table."""
        rows = [self.phrases.table_head, ("---", "---", "---"), *self.phrases.table_rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def titled(self, heading: str, body: str) -> str:
        """Return a body below its heading."""
        return f"### {self.phrases.headings[heading]}\n\n{body}"

    def exhibit(self) -> list[str]:
        """Return what the kind of prompt calls for: code, a formula or nothing."""
        name = {"code": "code", "maths": "formula"}.get(self.kind)
        return [self.pick(name)] if name else []


def _structured(speech: _Speech) -> list[str]:
    return [
        speech.pick("opening"),
        speech.titled("points", speech.bullets(3)),
        *speech.exhibit(),
        speech.titled("steps", speech.steps()),
        speech.pick("closing"),
    ]


def _terse(speech: _Speech) -> list[str]:
    return [*speech.exhibit(), speech.bullets(3)]


def _tabular(speech: _Speech) -> list[str]:
    return [speech.pick("opening"), speech.table(), *speech.exhibit(), speech.pick("closing")]


def _scholar(speech: _Speech) -> list[str]:
    code = [speech.pick("code")] if speech.kind == "code" else []
    return [
        speech.pick("opening"),
        speech.pick("formula"),
        *code,
        speech.bullets(4),
        speech.pick("closing"),
    ]


def _chatty(speech: _Speech) -> list[str]:
    sentences = [text[:1].upper() + text[1:] for _name, text in speech.points(4)]
    return [
        speech.pick("opening"),
        speech.phrases.between_sentences.join(sentences),
        *speech.exhibit(),
        speech.pick("question"),
    ]


def _practical(speech: _Speech) -> list[str]:
    return [
        speech.steps(),
        speech.titled("code", speech.pick("code")),
        speech.bullets(2),
        speech.pick("closing"),
    ]


_FORMS: Mapping[Style, Callable[[_Speech], list[str]]] = {
    "structured": _structured,
    "terse": _terse,
    "tabular": _tabular,
    "scholar": _scholar,
    "chatty": _chatty,
    "practical": _practical,
}


def phrases_for(prompts: Sequence[str]) -> Phrases:
    """Return the language of the last prompt, its Chinese script told from all of them."""
    if not is_chinese(prompts[-1]):
        return ENGLISH
    return TRADITIONAL if is_traditional("".join(prompts)) else SIMPLIFIED


def topic_of(prompt: str) -> str:
    """Return what a prompt is about, in a few of its own words."""
    first = re.split(r"[?!.\n。？！：]", prompt.strip(), maxsplit=1)[0].strip()
    if is_chinese(first):
        return (
            _CHINESE_TAIL.sub("", _CHINESE_LEAD.sub("", first))[:_TOPIC_LENGTH] or first or "问题"
        )
    topic = first
    while (match := _LEAD.match(topic)) and match.end() < len(topic):
        topic = topic[match.end() :]
    words = topic if len(topic) <= _TOPIC_LENGTH else topic[:_TOPIC_LENGTH].rsplit(" ", 1)[0]
    return words or "your question"


def is_chinese(text: str) -> bool:
    """Return whether a prompt is to be answered in Chinese: a fifth of it is ideographs."""
    return len(_IDEOGRAPH.findall(text)) * 5 > len(text)


def is_traditional(text: str) -> bool:
    """Return whether Chinese is in Traditional characters, which Big5 has and GB 2312 lacks."""
    ideographs = _IDEOGRAPH.findall(text)
    return sum(_has("big5", each) - _has("gb2312", each) for each in ideographs) > 0


def _has(charset: str, character: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
