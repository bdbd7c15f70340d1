"""Data releases: decided votes, prompts and answers without personal data, and the boards' ids.

`export` writes a release; `personal_data` masks; `votes`, `turns` and `boards` read rows.
It must not import views, pages or the API.
"""

from arena.boards.releases.export import Release, export_release

__all__ = ["Release", "export_release"]
