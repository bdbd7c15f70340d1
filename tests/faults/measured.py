"""What a test measured, for whoever runs it with ``-s``; ARCHITECTURE.md has such a run."""


def measured(fault: int, sentence: str) -> None:
    """Print one line."""
    print(f"\nfault {fault}: {sentence}", flush=True)  # noqa: T201
