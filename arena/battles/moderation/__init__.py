"""Moderation of prompts, their pictures and answers: what the check said of each, and what follows.

`prompts` asks before a prompt is sent, `texts` puts answers into the line, `models` holds the rows.
What is asked later, and what moderators rule, is in `arena.integrity`, which this must not import.
"""
