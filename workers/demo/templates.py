"""How a base model is brought to answer: examples before the question, and where to cut.

The model has only learned to continue text. Shown a page of questions with good answers, it writes
one more answer, and then one more question: there it is stopped.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.demo.prose import is_chinese
from workers.endpoints.usage import TokenEstimate

type Example = tuple[str, str]

_GREETING: Example = ("Hello!", "Hello! How can I help you today?")
_PARIS: Example = (
    "What is the capital of France?",
    "The capital of France is Paris. It is known for the Eiffel Tower, its museums and its food.",
)
_LEAVES: Example = (
    "Why do leaves fall in autumn?",
    (
        "Trees drop their leaves in autumn to save water and energy for the winter. The days "
        "become shorter, the green colour disappears, and the leaf separates from the branch."
    ),
)
_PYTHON: Example = (
    "How do I print the numbers from 1 to 3 in Python?",
    "Use a `for` loop:\n\n```python\nfor number in range(1, 4):\n    print(number)\n```",
)
_SLEEP: Example = (
    "Give me three tips for better sleep.",
    (
        "1. Go to bed at the same time every night.\n2. Keep your bedroom dark and cool.\n"
        "3. Avoid coffee and screens before bed."
    ),
)
_SEA: Example = (
    "Write a poem about the sea.",
    (
        "The sea is wide, the sea is deep,\nIt sings the sailors' hearts to sleep,\n"
        "And every wave that comes to shore\nBrings back the song it sang before."
    ),
)
_EXERCISE: Example = (
    "Why is exercise good for you?",
    (
        "Exercise helps the whole body:\n\n- **Heart:** it becomes stronger.\n"
        "- **Mind:** movement lowers stress and improves the mood.\n"
        "- **Sleep:** active people fall asleep faster.\n\nEven a short walk every day helps."
    ),
)
_CHINESE_EXAMPLES: tuple[Example, ...] = (
    ("你好！", "你好！有什么可以帮您的吗？"),
    ("水在多少度沸腾？", "在标准大气压下，水在 100 摄氏度沸腾。海拔越高，沸点越低。"),
    (
        "秋天树叶为什么会落？",
        "秋天白天变短，气温下降，树木为了节省水分和能量而落叶。叶绿素分解以后，叶子变黄，最后从枝头落下。",
    ),
    (
        "请给我三个改善睡眠的建议。",
        "1. 每天在同一时间上床。\n2. 保持卧室安静、黑暗。\n3. 睡前不喝咖啡，不看手机。",
    ),
    ("中国的首都是哪里？", "中国的首都是北京，以故宫、长城和胡同闻名。"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to ask the same weights; ``sampling`` are llama.cpp's own parameters."""

    name: str
    preface: str
    asks: str
    answers: str
    examples: Sequence[Example]
    sampling: Mapping[str, Any]

    def prompt(self, messages: Sequence[Mapping[str, Any]], *, budget: int) -> str:
        """Write the page that ends where the answer is to begin.

        Parameters
        ----------
        messages : sequence of mapping
            The conversation; its oldest messages are left out where they exceed the budget.
        budget : int
            Estimated tokens for the conversation. The last prompt is cut to it, at its start.
        """
        speakers = {"user": self.asks, "assistant": self.answers}
        kept: list[str] = []
        for message in reversed(messages):
            text = _text(message)
            speaker = speakers.get(str(message.get("role")))
            cost = _tokens(text)
            if kept and cost > budget:
                break
            while cost > budget:
                text = text[len(text) // 4 + 1 :]
                cost = _tokens(text)
            budget -= cost
            kept.insert(0, f"{speaker}: {text}" if speaker else text)
        # In both languages at once, so small a model answers in the wrong one.
        chinese = bool(messages) and is_chinese(_text(messages[-1]))
        examples = _CHINESE_EXAMPLES if chinese else self.examples
        shown = (f"{self.asks}: {ask}\n{self.answers}: {answer}" for ask, answer in examples)
        return "\n\n".join([self.preface, *shown, *kept]) + f"\n{self.answers}:"

    @property
    def stop(self) -> list[str]:
        """What the model writes when it has finished its answer and invents the next question."""
        return [f"\n{self.asks}:", f"\n{self.answers}:", "<start_of_image>"]


# Left alone, a model of this size falls into a list of a hundred numbers, or one line for ever.
_NO_LOOPS = {"dry_multiplier": 1.5, "repeat_penalty": 1.1, "repeat_last_n": 128}

CONTESTANTS: tuple[Contestant, ...] = (
    Contestant(
        name="gemma-3-270m-plain",
        preface="The assistant gives correct, helpful and complete answers in Markdown.",
        asks="Question",
        answers="Answer",
        examples=(_GREETING, _PARIS, _LEAVES, _PYTHON, _SLEEP, _SEA),
        sampling={"temperature": 0.1, **_NO_LOOPS},
    ),
    Contestant(
        name="gemma-3-270m-lists",
        preface="Frequently asked questions, answered clearly and in good order.",
        asks="Question",
        answers="Answer",
        examples=(_GREETING, _PARIS, _EXERCISE, _PYTHON, _SEA, _SLEEP),
        sampling={"temperature": 0.4, "top_p": 0.9, **_NO_LOOPS},
    ),
    Contestant(
        name="gemma-3-270m-free",
        preface="A conversation between a curious user and a friendly, knowledgeable assistant.",
        asks="User",
        answers="Assistant",
        examples=(_GREETING, _LEAVES, _PARIS, _PYTHON, _SEA),
        sampling={"temperature": 0.8, "min_p": 0.1, **_NO_LOOPS},
    ),
)


def _tokens(text: str) -> int:
    estimate = TokenEstimate()
    estimate.add(text)
    return estimate.tokens


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content") or ""
    if isinstance(content, str):
        return content.strip()
    parts = [part for part in content if isinstance(part, dict)]
    return " ".join(str(part.get("text", "")) for part in parts).strip()
