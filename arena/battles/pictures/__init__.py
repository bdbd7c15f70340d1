"""Pictures that visitors attach to prompts: drawn anew by us, kept, sent along, shown.

May import the rest of battles but pages and consumers; nothing of Pillow leaves `encoding`.
"""
