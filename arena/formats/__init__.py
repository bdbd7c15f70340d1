"""How moments are written, a folder a language, where Django's own way does not suit.

Read by Django itself (`FORMAT_MODULE_PATH`); nothing imports it.
"""
