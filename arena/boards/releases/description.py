"""What a release says of itself: the data dictionary and the licence."""

from django.conf import settings

from arena.battles.models import Reason

COLUMNS = {
    "number": "Place of the vote among the released ones, from 1, in the order in which votes "
    "were stored. `turns` has the same number.",
    "model_a, model_b": "The two models, by the name in their pages' addresses.",
    "outcome": "`a`, `b`, `tie` or `both_bad`.",
    "voter": "A pseudonym. The same voter has the same one in this release, and another in the "
    "next; the key was destroyed.",
    "cast_at": "When the vote was cast (UTC).",
    "counted": "Whether boards count it.",
    "not_counted_because": "The first rule that excluded it; empty for counted votes.",
    "category": "What the first prompt is for: one of twelve uses, or empty.",
    "category_by": "Who said so: `rule` (patterns), `endpoint` (a language model), `simulated`.",
    "language": "BCP 47 tag of the first prompt, with the script for Chinese; empty when it "
    "cannot be told.",
    "main_language": "The tag without its script.",
    "hard, longer, multi_turn": "Kinds of prompt: hard; 500 tokens or more; several turns.",
    "refusal": "An answer begins as refusals do.",
    "starter": "The first prompt is one that the site offers.",
    "with_picture": "A picture was sent with a prompt; `turns` says with which.",
    "styled": "Whether the answers were known, so that their style was counted.",
    "tokens_a, tokens_b": "Estimated from the text alone: one per ideograph, one per four other "
    "characters; over all turns.",
    "headers_*, lists_*, bold_*": "Markdown headers, list items and bold passages outside code.",
    "rule_version, label_version": "Versions of the rules and of the question to the labelling "
    "model; 0 without a label.",
    "reasons_a, reasons_b": "What the voter chose to say of each answer after the vote: a list "
    f"of {', '.join(f'`{reason}`' for reason in Reason.values)}. It is voluntary, and may change.",
    "comment": "What the voter wrote of the battle, with personal data replaced as in `turns`.",
}
TURNS = {
    "number, turn": "The vote's number, and the turn's place in the battle from 1. What was said "
    "after the vote is left out.",
    "picture": "Whether a picture was attached to the prompt. Pictures are not released.",
    "prompt, answer_a, answer_b": "The texts, with personal data replaced by its kind in "
    "brackets, as in `[EMAIL]`.",
}


def data_dictionary(source: str) -> str:
    """Return DATA.md."""
    return "\n".join(
        [
            f"# Votes of {settings.SITE_NAME} ({source})",
            "",
            "Boards come out the same, figure for figure, with the commands in `boards.json`,",
            "which need this project's `ratings` package and no server. Votes must stay in order.",
            "Each was rated again from these votes when they were released; published boards that",
            "they do not give are named under `left_out` with the reason.",
            "",
            "## votes.parquet, votes.jsonl",
            "",
            *_table(COLUMNS),
            "",
            "## turns/",
            "",
            *_table(TURNS),
            "",
            "## models-*.csv",
            "",
            "What was known of the models when the boards were published: licence class, the day",
            "of release, billions of parameters. The commands in `boards.json` name the file from",
            "which the gap between open and closed models comes out again.",
            "",
            "## Personal data",
            "",
            "Mail addresses, phone numbers, payment cards, bank accounts, network addresses,",
            "wallets, identity numbers of China, Taiwan and the United States, and keys were",
            "masked in prompts, answers and comments by Presidio and by patterns. In a set of 114",
            "made-up texts in English, Chinese and German, 3 % of such data were missed. Names of",
            "people and postal addresses are not recognised. Whoever finds personal data here:",
            "please tell us, and do not spread it.",
            "",
        ]
    )


def licence_text() -> str:
    """Return LICENCE.md."""
    return (
        f"# Licence\n\nVotes, facts, prompts and boards: {settings.RELEASE_LICENCE}.\n\n"
        "Answers were written by the models named; their makers' terms may limit what can be\n"
        "done with them, such as training other models.\n"
    )


def _table(columns: dict[str, str]) -> list[str]:
    return [
        "| Column | Meaning |",
        "|---|---|",
        *(f"| {name} | {meaning} |" for name, meaning in columns.items()),
    ]
