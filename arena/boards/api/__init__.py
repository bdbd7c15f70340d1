"""The public API, version 1: everything on a public page as JSON, CSV or Parquet.

`routes` has the addresses, `shapes` what they answer, `answers` caching and CORS.
It must not import pages or views; nothing but `arena.urls` imports it.
"""

from arena.boards.api.routes import api

__all__ = ["api"]
