"""Answers as HTML for pages that show them without scripts.

The same two layers of safety as in the browser (static/battles/markdown.js): raw HTML is never
parsed, and what the parser made is cleaned against a short list. No picture is loaded, every link
is absolute and marked. Formulas stay as they were written.
"""

import re
from collections.abc import Sequence
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

# As in the browser. Longer texts than an answer can be are cut where they are stored.
_MAX_NESTING = 60
_TAGS = frozenset(
    [
        *("a", "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
        *("blockquote", "pre", "code", "em", "strong", "s", "div"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    ]
)
_CLASSES = {
    "div": {"table-frame", "code"},
    "th": {"align-right", "align-center"},
    "td": {"align-right", "align-center"},
}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"data-language"}}
_SCHEMES = frozenset({"http", "https", "mailto"})
_ABSOLUTE = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


def render_markdown(text: str) -> SafeString:
    """Return an answer's Markdown as HTML that is safe on a page."""
    html = nh3.clean(
        _parser().render(text),
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow ugc",
    )
    return mark_safe(html)  # noqa: S308  cleaned in the line above


def _parser() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    markdown.enable(["table", "strikethrough"])
    markdown.validateLink = _is_absolute  # type: ignore[method-assign]
    for name, rule in _RULES.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _is_absolute(url: str) -> bool:
    return bool(_ABSOLUTE.match(url.strip()))


def _image(self: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    """Return a link: a picture would tell another host who reads."""
    token = tokens[at]
    source = str(token.attrGet("src") or "")
    label = _("Image: {alt}").format(alt=token.content or source)
    return f'<a href="{escape(source)}">{escape(label)}</a>'


def _fence(self: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    found = _LANGUAGE.match(tokens[at].info.strip())
    language = escape(found[0]) if found else ""
    content = escape(tokens[at].content)
    return f'<div class="code"><pre><code data-language="{language}">{content}</code></pre></div>\n'


def _table_open(self: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    return '<div class="table-frame"><table>\n'


def _table_close(self: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    return "</table></div>\n"


def _cell(self: RendererHTML, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    token = tokens[at]
    aligned = re.match(r"text-align:(right|center)", str(token.attrGet("style") or ""))
    return f'<{token.tag} class="align-{aligned[1]}">' if aligned else f"<{token.tag}>"


_RULES = {
    "image": _image,
    "fence": _fence,
    "code_block": _fence,
    "table_open": _table_open,
    "table_close": _table_close,
    "th_open": _cell,
    "td_open": _cell,
}
