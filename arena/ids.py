"""UUIDv7 keys: unguessable enough for a link, and in the order of time for an index."""

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return a new UUID version 7 (RFC 9562, section 5.7): 48 bits of milliseconds, 74 random."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76  # the version
    value = value & ~(0b11 << 62) | 0b10 << 62  # the variant
    return uuid.UUID(int=value)
