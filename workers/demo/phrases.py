"""What fictional models say, in English and in Chinese; ``{topic}`` is the prompt's own topic."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The sentences of one language, from which `workers.demo.prose` builds answers."""

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

CHINESE = Phrases(
    greeting=(
        "你好！想聊点什么？提问、写作、代码都可以。",
        "您好，请直接告诉我您的问题，我会尽量说得清楚简短。",
    ),
    follow_up=(
        "接着您刚才问的**{earlier}**来说：",
        "回到前面关于{earlier}的讨论，与新问题有关的是下面这一点。",
    ),
    opening=(
        "关于**{topic}**，简单地说：要看您的目的，但有三点通常起决定作用。",
        "谈到**{topic}**，不妨先抓住最核心的一个想法，再看细节。",
        "**{topic}**可以粗略地理解，也可以仔细地理解，我们先从前者开始。",
    ),
    points=(
        ("目的", "先想清楚{topic}要解决什么问题，很多混乱都出在这一步之前。"),
        ("规模", "十个例子里行得通的办法，到一万个时往往行不通。"),
        ("成本", "时间和注意力也是成本，而且最容易被忽略。"),
        ("证据", "宁可相信测量过的结果，也不要只凭感觉。"),
        ("习惯", "小步重复，胜过一次大的努力。"),
        ("边界", "知道什么时候停下来，最后一成常常要花一半的时间。"),
    ),
    steps=(
        "用一句话写下您对{topic}的期望。",
        "找到最小的、已经有用的版本。",
        "试用一周，记下让您意外的地方。",
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
        "如果您能补充一些背景，我可以说得更具体。",
        "总之：明确{topic}的目的，从小处着手，并且记录结果。",
        "这不是最终的答案，但可以作为一个不错的起点。",
    ),
    question=("您今天为什么想到这个问题？", "其中哪一部分对您最重要？"),
    headings={"points": "要点", "steps": "怎样开始", "code": "示例"},
)
