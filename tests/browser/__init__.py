"""The site in a real Chromium: a real web process, real servers, scripted models.

Imports anything of the tests and the project's entry points; nothing imports it.
"""
