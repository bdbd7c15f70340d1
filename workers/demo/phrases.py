"""What fictional models say, in English and both Chinese scripts; ``{topic}`` is the prompt's."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The sentences of one language, from which `workers.demo.prose` builds answers.

    In Chinese a bold topic begins its line and has a punctuation mark after it: elsewhere plain
    CommonMark would show the asterisks around a topic in quotation marks.
    """

    colon: str
    between_sentences: str
    greeting: tuple[str, ...]
    follow_up: tuple[str, ...]
    opening: tuple[str, ...]
    points: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    table_head: tuple[str, str, str]
    table_rows: tuple[tuple[str, str, str], ...]
    formula: tuple[str, ...]
    code: tuple[str, ...]
    verse: tuple[str, ...]
    closing: tuple[str, ...]
    question: tuple[str, ...]
    headings: Mapping[str, str]


ENGLISH = Phrases(
    colon=": ",
    between_sentences=" ",
    greeting=(
        "Hello! What would you like to work on? A question, a draft or a piece of code: all fine.",
        "Hi there. Ask me anything, and I will do my best to be clear and brief.",
    ),
    follow_up=(
        "Building on what you asked about **{earlier}**:",
        "Coming back to {earlier}, this is the part that matters for your new question.",
        "That follows on nicely from {earlier}.",
    ),
    opening=(
        (
            "The short answer about **{topic}**: it depends on what you want from it, "
            "but three things decide most cases."
        ),
        (
            "People meet **{topic}** in very different places, so it helps to begin with the one "
            "idea that all of them share."
        ),
        (
            "There is a simple way to look at **{topic}**, and a more careful one. "
            "Begin with the simple one."
        ),
    ),
    points=(
        ("Purpose", "ask first what {topic} is for; most confusion begins before that is settled."),
        ("Scale", "what works for ten cases often fails for ten thousand, and the reverse."),
        ("Cost", "time and attention are costs too, and they are the ones that people forget."),
        ("Evidence", "prefer what was measured to what sounds plausible, also in this answer."),
        ("Habit", "small steps that are repeated beat one large effort."),
        ("Limits", "know when to stop; the last tenth takes as long as the rest."),
    ),
    steps=(
        "Write down in one sentence what you want from {topic}.",
        "Find the smallest version that would already be useful.",
        "Try it for a week and note what surprised you.",
        "Keep what worked, drop the rest, and tell someone about it.",
    ),
    table_head=("Approach", "Good for", "Watch out for"),
    table_rows=(
        ("Start small", "learning quickly", "stopping too early"),
        ("Plan first", "work with others", "plans that nobody reads"),
        ("Copy a good example", "saving time", "copying its mistakes too"),
        ("Ask an expert", "rare, costly decisions", "advice for someone else's case"),
    ),
    formula=(
        (
            "If each attempt succeeds with probability $p$, the chance that at least one of $n$ "
            "succeeds is\n\n$$P(n) = 1 - (1 - p)^n,$$\n\nso with $p = 0.2$ and $n = 10$ it is "
            "already about $0.89$."
        ),
        (
            "Returns shrink as effort $x$ grows; a simple model is\n\n"
            "$$f(x) = \\frac{x}{x + k}, \\qquad f'(x) = \\frac{k}{(x + k)^2},$$\n\n"
            "where $k$ is the effort that brings you half of the way."
        ),
    ),
    code=(
        (
            "```python\ndef running_mean(values):\n    total = 0.0\n"
            "    for count, value in enumerate(values, start=1):\n        total += value\n"
            "        yield total / count\n\n\nprint(list(running_mean([2, 4, 9])))  "
            "# [2.0, 3.0, 5.0]\n```"
        ),
        (
            "```python\nfrom collections import Counter\n\n\ndef most_common_words(text, n=3):\n"
            '    """Return the n most frequent words, most frequent first."""\n'
            "    words = text.lower().split()\n    return Counter(words).most_common(n)\n```"
        ),
    ),
    verse=(
        (
            "> The lamp is low, the page is wide,\n> a slow rain walks along the pane;\n"
            "> I set one word down by its side\n> and wait for it to call by name."
        ),
        (
            "> Morning leans on the windowsill,\n> counts the roofs and lets them be;\n"
            "> somewhere a kettle, somewhere a hill,\n> and the day still owes me the sea."
        ),
    ),
    closing=(
        "If you tell me a little more about your case, I can be more exact.",
        "In short: decide what {topic} should do for you, start small, and measure.",
        "None of this is the last word, but it is a good place to begin.",
    ),
    question=(
        "What made you think about it today?",
        "Which part of it matters most to you?",
    ),
    headings={"points": "What matters", "steps": "How to begin", "code": "An example"},
)

SIMPLIFIED = Phrases(
    colon="：",
    between_sentences="",
    greeting=(
        "你好！想聊点什么？提问、写作、代码都可以。",
        "你好，请直接告诉我你的问题，我会尽量说得清楚简短。",
    ),
    follow_up=(
        "**{earlier}**：接着你刚才问的往下说。",
        "回到前面关于“{earlier}”的讨论，与新问题有关的是下面这一点。",
    ),
    opening=(
        "**{topic}**：简单地说，要看你的目的，不过有三点通常起决定作用。",
        "**{topic}**：不妨先抓住最核心的一个想法，再看细节。",
        "**{topic}**：可以粗略地理解，也可以仔细地理解，我们先从前者开始。",
    ),
    points=(
        ("目的", "先想清楚这件事要解决什么问题，很多混乱都出在这一步之前。"),
        ("规模", "十个例子里行得通的办法，到一万个时往往行不通。"),
        ("成本", "时间和注意力也是成本，而且最容易被忽略。"),
        ("证据", "宁可相信测量过的结果，也不要只凭感觉。"),
        ("习惯", "每次一小步，坚持下来，胜过一次用尽全力。"),
        ("边界", "知道什么时候停下来，最后一成常常要花一半的时间。"),
    ),
    steps=(
        "用一句话写下你期望的结果。",
        "找到最小的、已经有用的版本。",
        "试用一周，记下让你意外的地方。",
        "保留有效的部分，去掉其余的。",
    ),
    table_head=("做法", "适合", "注意"),
    table_rows=(
        ("从小处开始", "快速学习", "过早停止"),
        ("先做计划", "多人合作", "没人看的计划"),
        ("参考好例子", "节省时间", "连错误一起照搬"),
        ("请教专家", "少见而重要的决定", "不适合自己情况的建议"),
    ),
    formula=(
        (
            "如果每次成功的概率是 $p$，那么 $n$ 次中至少成功一次的概率为\n\n"
            "$$P(n) = 1 - (1 - p)^n,$$\n\n当 $p = 0.2$、$n = 10$ 时约为 $0.89$。"
        ),
    ),
    code=(
        (
            "```python\ndef running_mean(values):\n    total = 0.0\n"
            "    for count, value in enumerate(values, start=1):\n        total += value\n"
            "        yield total / count  # 到目前为止的平均值\n```"
        ),
    ),
    verse=(
        "> 小窗听夜雨，\n> 灯下一书开。\n> 欲寄山中友，\n> 清风带信来。",
        "> 落叶轻敲石阶，\n> 秋水慢过桥边；\n> 一盏茶的工夫，\n> 月已上了屋檐。",
    ),
    closing=(
        "如果你能补充一些背景，我可以说得更具体。",
        "总之：先明确目的，从小处着手，并且记录结果。",
        "这不是最终的答案，但可以作为一个不错的起点。",
    ),
    question=("你今天为什么想到这个问题？", "其中哪一部分对你最重要？"),
    headings={"points": "要点", "steps": "怎样开始", "code": "示例"},
)

TRADITIONAL = Phrases(
    colon="：",
    between_sentences="",
    greeting=(
        "你好！想聊點什麼？提問、寫作、程式碼都可以。",
        "你好，請直接告訴我你的問題，我會盡量說得清楚簡短。",
    ),
    follow_up=(
        "**{earlier}**：接著你剛才問的往下說。",
        "回到前面關於「{earlier}」的討論，與新問題有關的是下面這一點。",
    ),
    opening=(
        "**{topic}**：簡單來說，要看你的目的，不過有三點通常最關鍵。",
        "**{topic}**：不妨先抓住最核心的一個想法，再看細節。",
        "**{topic}**：可以粗略地理解，也可以仔細地理解，我們先從前者開始。",
    ),
    points=(
        ("目的", "先想清楚這件事要解決什麼問題，很多混亂都出在這一步之前。"),
        ("規模", "十個例子行得通的辦法，到了一萬個往往就行不通。"),
        ("成本", "時間和注意力也是成本，而且最容易被忽略。"),
        ("證據", "寧可相信實際測量的結果，也不要只憑感覺。"),
        ("習慣", "每次一小步，持之以恆，勝過一次用盡全力。"),
        ("界線", "知道什麼時候該停，最後一成往往要花掉一半的時間。"),
    ),
    steps=(
        "用一句話寫下你期望的結果。",
        "找出最小、但已經有用的版本。",
        "試用一週，記下讓你意外的地方。",
        "留下有效的部分，去掉其餘的。",
    ),
    table_head=("做法", "適合", "注意"),
    table_rows=(
        ("從小處著手", "快速學習", "太早停下來"),
        ("先做規劃", "多人合作", "沒人看的計畫"),
        ("參考好範例", "節省時間", "連錯誤一起照抄"),
        ("請教專家", "少見而重要的決定", "不適合自己情況的建議"),
    ),
    formula=(
        (
            "如果每次成功的機率是 $p$，那麼 $n$ 次中至少成功一次的機率為\n\n"
            "$$P(n) = 1 - (1 - p)^n,$$\n\n當 $p = 0.2$、$n = 10$ 時約為 $0.89$。"
        ),
    ),
    code=(
        (
            "```python\ndef running_mean(values):\n    total = 0.0\n"
            "    for count, value in enumerate(values, start=1):\n        total += value\n"
            "        yield total / count  # 到目前為止的平均值\n```"
        ),
    ),
    verse=(
        "> 小窗聽夜雨，\n> 燈下一書開。\n> 欲寄山中友，\n> 清風帶信來。",
        "> 落葉輕敲石階，\n> 秋水慢過橋邊；\n> 一盞茶的工夫，\n> 月已上了屋簷。",
    ),
    closing=(
        "如果你能補充一些背景，我可以說得更具體。",
        "總之：先弄清楚目的，從小處著手，並且記錄結果。",
        "這不是最終的答案，但可以當作不錯的起點。",
    ),
    question=("你今天為什麼想到這個問題？", "其中哪個部分對你最重要？"),
    headings={"points": "重點", "steps": "怎麼開始", "code": "範例"},
)
