#!/usr/bin/env python
"""The command line of Parity: `./manage.py help` lists every command."""

import os
import sys

try:
    import django  # noqa: F401
except ModuleNotFoundError:
    sys.exit("This Python has no Django: use the project's, .venv/bin/python manage.py ...")

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from arena.embedded import EmbeddedError
from arena.servers import with_servers


def main() -> int | str:
    """Run one command; return the exit status, or the sentence to end with."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.settings")
    try:
        with with_servers(sys.argv):
            execute_from_command_line(sys.argv)
    except (EmbeddedError, ImproperlyConfigured) as error:
        return str(error)  # it says what to do: a trace would only bury it
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
