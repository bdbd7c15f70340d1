"""Hostile texts by the thousand: two published collections, and our own in every place they fit.

``brs-kb`` (PyPI, MIT) and ``blns`` (npm, MIT) are needed by tests alone. Both call ``alert`` and
its like; ours call ``XSS``. The page of a test counts all of them.
"""

import json
import warnings
from functools import cache
from itertools import product

import brs_kb

from tests.browser.payloads import PLACES, VECTORS
from tests.browser.site import ROOT

_NAUGHTY = ROOT / ".local/npm/node_modules/blns/resources/blns.json"
_FORMULAS = ("${}$", "$${}$$", "\\({}\\)", "\\[{}\\]", "$\\text{{{}}}$", "$\\href{{{}}}{{x}}$")
_WRAPPINGS = ("```{}\ncode\n```", "[x]({})", "[x](<{}>)", "[x][y]\n\n[y]: {}", "![x]({})", "<{}>")


@cache
def corpus() -> tuple[str, ...]:
    """Return every hostile text once, in a fixed order."""
    ours = [place.format(vector) for place, vector in product(PLACES, VECTORS)]
    places = (*_FORMULAS, *_WRAPPINGS)
    ours += [place.format(vector) for place, vector in product(places, VECTORS)]
    with warnings.catch_warnings():
        # The package reads the clock in a deprecated way.
        warnings.simplefilter("ignore", DeprecationWarning)
        collected = [str(entry["payload"]) for entry in brs_kb.get_all_payloads().values()]
    return tuple(dict.fromkeys((*VECTORS, *collected, *_naughty_strings(), *ours)))


def _naughty_strings() -> list[str]:
    if not _NAUGHTY.exists():
        raise FileNotFoundError(f"{_NAUGHTY} is missing: `make setup` fetches it")
    return [text for text in json.loads(_NAUGHTY.read_text()) if text]
