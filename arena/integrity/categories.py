"""What a prompt is for, by plain rules, where no language model has labelled it yet."""

import re

USES = (
    "coding",
    "mathematical_reasoning",
    "advice",
    "brainstorming",
    "classification",
    "closed_qa",
    "creative_writing",
    "extraction",
    "persona",
    "open_qa",
    "rewriting",
    "summarisation",
)
"""The twelve uses. Columns keep a use's place here: add at the end only."""

_CODE = re.compile(
    r"```|^\s*(?:def |class |import |from \w+ import |#include|function |const |let |public "
    r"(?:static|class) |SELECT .+ FROM |fn |package )"
    r"|\b(?:python|javascript|typescript|java|kotlin|rust|golang|c\+\+|c#|sql|regex|html|css|bash|"
    r"stack trace|traceback|unit tests?|refactor)\b"
    r"|(?:编程|編程|代码|程式碼|写程序|寫程式|函数|函式)",
    re.IGNORECASE | re.MULTILINE,
)
_MATHEMATICS = re.compile(
    r"\\(?:frac|int|sum|sqrt|begin\{(?:equation|align|pmatrix))|\$[^$\n]*[=^\\][^$\n]*\$"
    r"|\b(?:prove that|solve for|integral of|derivative of|how many ways|probability (?:of|that)|"
    r"calculate|compute)\b|\d\s*[-+*/×÷^]\s*\d"
    r"|(?:证明|證明|求解|方程|积分|積分|导数|導數|计算|計算|概率|機率)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summari[sz]e|summary of|tl;?dr|key (?:points|takeaways)|sum up|condense)\b"
    r"|(?:总结|總結|摘要|概括|归纳|歸納)",
    re.IGNORECASE,
)
_EXTRACTION = re.compile(
    r"\b(?:extract|pull out|list all (?:the )?\w+ (?:in|from|mentioned)|find all|"
    r"(?:in)?to (?:a )?(?:json|csv|table))\b|(?:提取|抽取|找出|列出文中)",
    re.IGNORECASE,
)
_CLASSIFICATION = re.compile(
    r"\b(?:classify|categori[sz]e|label (?:each|the|this)|sentiment|is this (?:spam|positive|"
    r"negative|true or false)|which (?:category|class)|true or false)\b"
    r"|(?:分类|分類|归类|歸類|情感分析|判断.{0,12}(?:是否|类别)|判斷.{0,12}(?:是否|類別))",
    re.IGNORECASE,
)
_REWRITING = re.compile(
    r"\b(?:rewrite|rephrase|paraphrase|proofread|edit (?:this|the|my)|correct (?:this|the|my)|"
    r"improve (?:this|the|my) (?:text|paragraph|essay|email|writing|sentence)|make (?:it|this) "
    r"(?:more |less |sound )?(?:shorter|longer|formal|polite|professional|concise)|translate)\b"
    r"|(?:改写|改寫|润色|潤飾|翻译|翻譯|校对|校對|修改.{0,8}(?:文|句|段))",
    re.IGNORECASE,
)
_PERSONA = re.compile(
    r"\b(?:act as|pretend (?:to be|you are|you're)|role-?play|you are (?:a|an|the|my) |"
    r"speak (?:like|as)|in the (?:voice|style) of|from the perspective of)\b"
    r"|(?:扮演|假装你是|假裝你是|你现在是|你現在是|模仿.{0,10}(?:口吻|语气|語氣))",
    re.IGNORECASE,
)
_CREATIVE = re.compile(
    r"\b(?:(?:write|compose|tell)(?: me)? (?:a|an|the|some|another) (?:[\w-]+ ){0,3}?(?:poem|"
    r"haiku|limerick|sonnet|story|tale|song|lyrics|script|scene|novel|joke|dialogue|fable|"
    r"screenplay|monologue|letter|note|speech)|haiku|short story|fan ?fiction)\b"
    r"|(?:写|寫|作|编|編).{0,10}(?:诗|詩|故事|小说|小說|歌词|歌詞|剧本|劇本|散文|童话|童話|笑话|笑話|便条|便條)",
    re.IGNORECASE,
)
_BRAINSTORMING = re.compile(
    r"\b(?:brainstorm|(?:give|suggest|list|come up with|think of|propose)(?: me)? "
    r"(?:\w+ ){0,2}?(?:ideas|names|titles|ways|topics|slogans|options)|ideas for|"
    r"(?:name|title)s? for)\b"
    r"|(?:头脑风暴|腦力激盪|点子|點子|主意|起名|取名|有哪些(?:办法|辦法|方法))",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\b(?:should I|how (?:do|can|should) I|what(?:'s| is) the best (?:way|approach)|advice|"
    r"recommend|tips|help me (?:decide|choose|plan)|plan (?:my|a|an|the|me)|itinerary|"
    r"is it (?:worth|ok|okay|safe))\b"
    r"|(?:建议|建議|我该|我該|我应该|我應該|推荐|推薦|怎么办|怎麼辦|安排|规划|規劃|计划|計畫|行程)",
    re.IGNORECASE,
)
# A question about a text that stands in the prompt itself.
_CLOSED_QA = re.compile(
    r"\b(?:(?:according to|based on) (?:the|this) (?:text|passage|article|paragraph|following|"
    r"context|document)|(?:context|passage|text|article)\s*:)"
    r"|(?:根据(?:以下|上述|下面|文章|材料)|根據(?:以下|上述|下面|文章|資料))",
    re.IGNORECASE,
)
_OPEN_QA = re.compile(
    r"[?？]\s*$|^\s*(?:what|why|how|who|when|where|which|explain|describe|define|tell me about|"
    r"is|are|does|do|can|could)\b"
    r"|(?:什么|什麼|为什么|為什麼|如何|怎么|怎麼|谁|誰|哪(?:里|裡|个|個|些)|解释|解釋|说明|說明|介绍|介紹|吗|嗎)",
    re.IGNORECASE,
)
# The first rule that fits names the use: what is asked to be done to a text comes before what the
# text is about, a bare question comes last.
_RULES = (
    ("coding", _CODE),
    ("mathematical_reasoning", _MATHEMATICS),
    ("summarisation", _SUMMARY),
    ("extraction", _EXTRACTION),
    ("classification", _CLASSIFICATION),
    ("rewriting", _REWRITING),
    ("closed_qa", _CLOSED_QA),
    ("persona", _PERSONA),
    ("creative_writing", _CREATIVE),
    ("brainstorming", _BRAINSTORMING),
    ("advice", _ADVICE),
    ("open_qa", _OPEN_QA),
)


def categorise(prompt: str) -> str:
    """Return the use that a rule gives a prompt, or "" when none fits."""
    return next((use for use, rule in _RULES if rule.search(prompt)), "")
