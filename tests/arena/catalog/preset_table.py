"""Writes `arena/catalog/docs/presets.md`: python -m tests.arena.catalog.preset_table

The table says how the scripted server behaves that stands for each preset in the tests.
"""

from pathlib import Path

from workers.demo.manners import MANNERS, MODEL, Manners
from workers.endpoints.presets import Preset, presets

DOCUMENT = Path(__file__).resolve().parents[3] / "arena" / "catalog" / "docs" / "presets.md"
_HEAD = """\
# Kinds of servers, and what was tried against each

What is known beforehand of each kind of server stands in `workers/endpoints/presets.toml`, with
where it was read. For each there is a scripted server that behaves so
(`workers/demo/manners.py`), over real sockets. No hosted API was called for this: what a vendor
changed since is found by the admission test, whose findings outrank the preset.

Against each server three things are tried: the admission test with the preset and without it
(`tests/workers/endpoints/test_admission.py`: it passes, and what it remembers is what the server
takes), and a battle of two turns after it (`tests/arena/battles/test_presets.py`: both turns
complete, nothing is refused and tried again, no key and no foreign name in what is kept).
Replicate, which has another protocol, is tried with its preset alone. All 22 pass.

| Server | Path | Key | Lists models | Usage | Token limit | Else | Read at |
|---|---|---|---|---|---|---|---|
"""
_USAGE = {
    "asked": "where it is asked",
    "never": "never: estimated",
    "each_chunk": "in every chunk: the last counts",
    "last_chunk": "with the finish reason, unasked",
}
_THINKS = {
    "in_content": "`<think>` in the content",
    "in_field": "thinks in `reasoning_content`",
}


def document() -> str:
    """Return the whole document."""
    return _HEAD + "".join(f"{line(preset)}\n" for preset in presets().values())


def line(preset: Preset) -> str:
    """Return a preset's line of the table."""
    manners = MANNERS.get(preset.slug)
    cells = _cells(manners) if manners else _REPLICATE
    sources = ", ".join(f"[{n}]({url})" for n, url in enumerate(preset.sources, start=1))
    return f"| {' | '.join((preset.title, *cells, sources))} |"


_REPLICATE = (
    *("`/v1/models/OWNER/NAME/predictions`", "yes", "no", "in the metrics of models that count"),
    "`max_tokens` or `max_completion_tokens`",
    (
        "another protocol: a prediction is made, then its stream read at another host of theirs "
        "with the same key; as many tokens as were allowed means that it was cut"
    ),
)


def _cells(manners: Manners) -> tuple[str, ...]:
    return (
        f"`{manners.path or '/'}`",
        "yes" if manners.key else "no",
        "yes" if manners.lists else "no",
        _USAGE[manners.usage],
        " or ".join(f"`{name}`" for name in manners.limits),
        "; ".join(_peculiarities(manners)) or "nothing",
    )


def _peculiarities(manners: Manners) -> list[str]:
    """Return what else is special about a server, in words."""
    limit = f"{manners.context:,} tokens"
    said = {
        "refuses `stream_options`": manners.stream_options == "refused",
        "takes no temperature but the default": manners.temperature == "default",
        "temperature up to 1": manners.temperature == "up_to_one",
        "takes images": manners.images,
        f"cuts prompts silently at {limit}": manners.overflow == "cut",
        f"refuses prompts over {limit}": manners.overflow == "refused" and manners.context < 8000,
        f"503 while loading, {manners.loading} times": manners.loading > 0,
        f"its list wants {', '.join(f'`{name}`' for name, _ in manners.list_headers)}": bool(
            manners.list_headers
        ),
        "comment lines in the stream": manners.comments,
        _THINKS.get(manners.thinks, ""): manners.thinks != "no",
        f"says it is `{manners.served_as}`": manners.served_as != MODEL,
        f"its model is called `{manners.name}`": manners.name != MODEL,
        "takes any model name": not manners.only_name,
        f"refuses {', '.join(f'`{name}`' for name in manners.refuses_parameters)}": bool(
            manners.refuses_parameters
        ),
        f"adds `{'`, `'.join(name for name, _ in manners.extra)}`": bool(manners.extra),
    }
    return [words for words, is_so in said.items() if is_so]


if __name__ == "__main__":
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(document(), encoding="utf-8")
