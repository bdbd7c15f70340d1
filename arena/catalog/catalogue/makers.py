"""Where makers speak for themselves: their sites and their accounts at code hosts.

A release day is best known by who released. What a maker's own page says of its model settles a
day that others contradict; who a maker is stands in `organisations.csv`, where it writes here.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

# Beginnings of addresses, without scheme and www; a maker's site is its own without standing here.
ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "01.AI": ("github.com/01-ai/", "huggingface.co/01-ai/"),
    "AI21 Labs": ("huggingface.co/ai21labs/",),
    "Ai2": ("github.com/allenai/", "huggingface.co/allenai/"),
    "Alibaba": (
        *("github.com/QwenLM/", "qwenlm.github.io/"),
        *("huggingface.co/Qwen/", "alibabacloud.com/"),
    ),
    "Anthropic": ("docs.anthropic.com/", "platform.claude.com/"),
    "Cohere": (
        *("docs.cohere.com/", "huggingface.co/CohereLabs/"),
        "github.com/cohere-ai/",
    ),
    "DeepSeek": (
        *("github.com/deepseek-ai/", "huggingface.co/deepseek-ai/"),
        "api-docs.deepseek.com/",
    ),
    "Google": ("blog.google/", "developers.googleblog.com/", "huggingface.co/google/"),
    "Hugging Face": ("huggingface.co/HuggingFaceH4/",),
    "LMSYS": ("github.com/lm-sys/", "huggingface.co/lmsys/"),
    "Meta": ("github.com/meta-llama/", "huggingface.co/meta-llama/", "ai.meta.com/"),
    "Microsoft": (
        *("github.com/microsoft/", "huggingface.co/microsoft/"),
        "github.com/nlpxucan/WizardLM/",
    ),
    "MiniMax": ("github.com/MiniMax-AI/", "huggingface.co/MiniMaxAI/"),
    "Mistral AI": ("github.com/mistralai/", "huggingface.co/mistralai/", "docs.mistral.ai/"),
    "Moonshot AI": ("github.com/MoonshotAI/", "huggingface.co/moonshotai/"),
    "NVIDIA": ("github.com/NVIDIA-NeMo/", "huggingface.co/nvidia/"),
    "OpenAI": ("github.com/openai/", "developers.openai.com/", "platform.openai.com/"),
    "Perplexity": ("docs.perplexity.ai/",),
    "Sarvam AI": ("huggingface.co/sarvamai/", "huggingface.co/collections/sarvamai/"),
    "StepFun": ("github.com/stepfun-ai/", "huggingface.co/stepfun-ai/"),
    "Tencent": ("github.com/Tencent-Hunyuan/", "huggingface.co/tencent/"),
    "Xiaomi": ("github.com/XiaomiMiMo/", "huggingface.co/XiaomiMiMo/"),
    "Zhipu AI": ("github.com/THUDM/", "github.com/zai-org/", "huggingface.co/zai-org/"),
    "xAI": ("github.com/xai-org/", "huggingface.co/xai-org/", "docs.x.ai/"),
}


def is_own_page(source: str, maker: str, site: str) -> bool:
    """Tell whether an address is on the maker's site or in an account of its."""
    address = f"{source.partition('://')[2].removeprefix('www.')}/"
    return address.startswith((*ACCOUNTS.get(maker, ()), *_own_site(site)))


def _own_site(site: str) -> tuple[str, ...]:
    """Return the beginning of a site's addresses; an account elsewhere is only its own path."""
    if not site:
        return ()
    parts = urlsplit(site)
    return (f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}/",)
