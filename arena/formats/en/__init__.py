"""English, as the admin is written in."""
