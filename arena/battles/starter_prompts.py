"""Prompts to begin with, in our own words, written for each language rather than translated."""

from collections.abc import Mapping, Sequence
from typing import TypedDict


class StarterPrompt(TypedDict):
    """One prompt and the category it is shown under, both in the page's language."""

    category: str
    text: str


def starter_prompts(language: str) -> list[StarterPrompt]:
    """Return the prompts of a language, English where there are none."""
    by_category = _PROMPTS.get(language, _PROMPTS["en"])
    return [
        {"category": category, "text": text}
        for category, texts in by_category.items()
        for text in texts
    ]


_PROMPTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "Explain": (
            "Explain tail recursion to a cook.",
            "Why does ice float, and what would our lakes be like if it did not?",
            "What does a 95 % confidence interval say, and what does it not say?",
        ),
        "Code": (
            "Write a Python function that merges overlapping date ranges, with three tests.",
            (
                "This SQL is slow: SELECT * FROM orders WHERE lower(email) = 'a@b.c'. "
                "Say why, and give two ways to fix it."
            ),
        ),
        "Reason": (
            (
                "I have a 3 litre and a 5 litre jug and a tap. How do I measure exactly 4 litres? "
                "Then: which amounts can never be measured?"
            ),
            (
                "A bat and a ball cost 11 dollars together; the bat costs 10 dollars more than the "
                "ball. Solve it, and explain why most people get it wrong."
            ),
        ),
        "Write": (
            "Write a short, warm note to a neighbour whose dog barks every night at two.",
            "A lighthouse keeper finds a letter addressed to the sea. Begin the story: 150 words.",
        ),
        "Advise": (
            "I begin the piano at 40 with half an hour a day. Plan my first three months.",
            (
                "Two job offers: more money and a long commute, or less money close to home. "
                "Which questions should I ask myself?"
            ),
        ),
    },
    "zh-hans": {
        "讲解": (
            "用做菜打个比方，给厨师讲讲什么是尾递归。",
            "冰为什么会浮在水面上？如果冰会沉底，湖里会变成什么样？",
            "足球里的“越位”到底是什么意思？给从没看过球的人讲清楚。",
        ),
        "编程": (
            "用 Python 写一个函数，合并有重叠的日期区间，并附上三个测试用例。",
            (
                "这条 SQL 很慢：SELECT * FROM orders WHERE lower(email) = 'a@b.c'。"
                "说说慢在哪里，再给出两种改法。"
            ),
        ),
        "推理": (
            "手边有一个 3 升的壶、一个 5 升的壶和一个水龙头，怎样正好量出 4 升水？",
            "甲说乙在说谎，乙说丙在说谎，丙说甲和乙都在说谎。谁说的是真话？",
        ),
        "写作": (
            "给楼上每晚十一点还在练琴的邻居写一张客气的便条，不超过八十字。",
            "以“守塔人收到一封写给大海的信”开头，写一个一百五十字左右的小故事。",
        ),
        "建议": (
            "四十岁开始学钢琴，每天只有半小时，帮我安排头三个月的练习计划。",
            "两份工作：一份钱多，但单程通勤要一个半小时；一份钱少，但离家近。我该先想清楚哪些问题？",
        ),
    },
    "zh-hant": {
        "解說": (
            "拿做菜來打比方，向廚師解釋什麼是尾端遞迴。",
            "冰塊為什麼會浮在水面上？如果冰會沉到水底，湖泊會變成什麼樣子？",
            "95% 信賴區間到底代表什麼？又不代表什麼？",
        ),
        "程式": (
            "用 Python 寫一個函式，合併有重疊的日期區間，並附上三個測試。",
            (
                "這段 SQL 很慢：SELECT * FROM orders WHERE lower(email) = 'a@b.c'。"
                "請說明慢在哪裡，並提出兩種改法。"
            ),
        ),
        "推理": (
            "手邊有 3 公升和 5 公升的水壺各一個，還有一個水龍頭，要怎麼剛好量出 4 公升的水？",
            (
                "三個箱子分別標著「蘋果」、「橘子」、「混裝」，而且標籤全都貼錯了。"
                "最少要拿出幾顆水果，才能確定每箱裝了什麼？"
            ),
        ),
        "寫作": (
            "鄰居的狗每天半夜兩點都會叫，幫我寫一張語氣溫和的便條給他，八十字以內。",
            "以「雨停的時候，月台上只剩下一把傘」開頭，寫一則一百五十字左右的小故事。",
        ),
        "建議": (
            "四十歲開始學鋼琴，每天只有半小時，幫我安排前三個月的練習。",
            "想帶長輩去台南玩三天兩夜，不趕路、少爬樓梯，請幫我排行程。",
        ),
    },
}
