"""What counts: vote facts, exclusion rules with their version, identity leaks.

May be imported from by boards; imports battles, voters and catalog.
Must never import boards.
"""
