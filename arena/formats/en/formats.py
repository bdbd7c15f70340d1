"""Moments that are as wide as each other, sort by eye, and stay on one line of a list."""

DATETIME_FORMAT = "Y-m-d H:i"
