"""A bounded load of live battles on loopback, and what it cost: ``make bench-live``.

Starts servers of its own under ``.local/bench-live`` and ends them; needs no network.
Imports the project and the tests' rows; nothing imports it.
"""
