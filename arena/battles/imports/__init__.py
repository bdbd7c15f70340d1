"""Vote files of other arenas: read, made ours, stored. One module per format.

May be imported from here: the command `import_votes`, and tests.
Must never import integrity or boards: what counts is decided after the import, as for any vote.
"""
