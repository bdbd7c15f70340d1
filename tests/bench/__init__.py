"""Measurements that are too slow for the test suite: speed against peers, coverage of intervals.

Run by hand (``make bench``); nothing imports from here. Results are written to ``ratings/docs``.
"""
