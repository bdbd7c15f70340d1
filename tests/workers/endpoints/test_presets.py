import csv
from pathlib import Path
from typing import get_args

import pytest

from workers.endpoints import preset_of, presets
from workers.endpoints.address import Quirk

FACTS = Path(__file__).resolve().parents[4] / "shared" / "data" / "endpoints.csv"


@pytest.mark.parametrize("preset", presets().values(), ids=lambda preset: preset.slug)
def test_a_preset_says_what_it_is_and_where_that_was_read(preset: object) -> None:
    known = {name: getattr(preset, name) for name in preset.__slots__}  # type: ignore[attr-defined]
    assert known["title"]
    assert known["base_url"].startswith(("https://", "http://127.0.0.1"))
    assert known["hosts"] or known["base_url"].startswith("http://127.0.0.1")
    assert known["sources"]
    assert all(source.startswith("https://") for source in known["sources"])
    assert known["quirks"] <= set(get_args(Quirk.__value__))
    assert all(note.endswith(".") for note in known["notes"])


@pytest.mark.parametrize(
    ("base_url", "slug"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://API.OpenAI.com./v1", "openai"),
        ("https://open.bigmodel.cn/api/paas/v4", "zhipu"),
        ("https://abc.eu-west-1.aws.endpoints.huggingface.cloud/v1", "hf-endpoints"),
        ("http://10.0.0.7:11434/v1", "ollama"),
        ("http://127.0.0.1:1234/v1", "lm-studio"),
        ("http://gpu-box:30000/v1", "sglang"),
        ("https://api.replicate.com/v1", "replicate"),
        ("https://api.openai.com.evil.example/v1", None),
        ("https://evilapi.openai.com.example/v1", None),
        ("https://example.com:8000/v1", None),
        ("http://gpu-box/v1", None),
    ],
)
def test_a_base_url_is_recognised(base_url: str, slug: str | None) -> None:
    found = preset_of(base_url)
    assert (found.slug if found else None) == slug


@pytest.mark.shared
@pytest.mark.skipif(not FACTS.exists(), reason=f"{FACTS} is missing")
def test_every_server_of_the_list_has_a_preset() -> None:
    with FACTS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 22
    for row in rows:
        address = row["base_url"].split(";")[0].split(" ")[0].rstrip("/")
        known = {preset.base_url.rstrip("/") for preset in presets().values()}
        if address.startswith("https://") and "{" not in address and "<" not in address:
            ours = preset_of(address)
            assert ours is not None, row["backend"]
            assert address in known or ours.slug == "qwen", row["backend"]
