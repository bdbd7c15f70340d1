"""Command line: `python -m arena.embedded start | stop | status | psql`."""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from arena.embedded import EmbeddedError, EmbeddedServers
from arena.embedded.programs import installed

_ROOT = Path(__file__).resolve().parents[2] / ".local"


def start(servers: EmbeddedServers) -> int:
    """Hold a lease until Ctrl-C or SIGTERM."""
    with servers.lease():
        _say(f"DATABASE_URL={servers.database_url}\nREDIS_URL={servers.redis_url}")
        _say("Running. Ctrl-C ends it.")
        try:
            while True:
                # Not signal.pause(), which a signal just before it would not end.
                time.sleep(0.5)
        except KeyboardInterrupt:
            _say("Stopping.")
    return 0


def stop(servers: EmbeddedServers) -> int:
    """Stop servers that a killed process left behind."""
    servers.stop()
    _say("Stopped.")
    return 0


def status(servers: EmbeddedServers) -> int:
    """Print the addresses and whether both answer; the exit code is 0 when they do."""
    running = servers.is_running()
    _say(f"DATABASE_URL={servers.database_url}\nREDIS_URL={servers.redis_url}")
    _say("Running." if running else "Not running.")
    return 0 if running else 3


def psql(servers: EmbeddedServers) -> int:
    """Open a SQL prompt on the database."""
    with servers.lease():
        # Ctrl-C belongs to the prompt, where it cancels a query.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            program = installed().postgres / "psql"
            return subprocess.run([program, servers.database_url], check=False).returncode
        finally:
            signal.signal(signal.SIGINT, before)


def main() -> int:
    """Parse the command line and run one command."""
    commands = {"start": start, "stop": stop, "status": status, "psql": psql}
    parser = argparse.ArgumentParser(prog="python -m arena.embedded", description=__doc__)
    parser.add_argument("command", choices=commands)
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(os.environ.get("PARITY_LOCAL_DIR", _ROOT)),
        help="the folder of the servers' files (default: PARITY_LOCAL_DIR, or .local)",
    )
    arguments = parser.parse_args()
    try:
        return commands[arguments.command](EmbeddedServers(root=arguments.root))
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
