"""What the admin's templates ask for.

They say what a page is, in its own words.
Must never import from the battles or boards: it stands beside every page.
"""
