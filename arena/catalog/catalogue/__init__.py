"""The starting catalogue: models people know, as files that load into the database and back.

`tables` says what the files hold, `stored` reads and writes the database, `loading` joins both.
Must never be imported by the models; nothing in a battle or on a board waits for it.
"""
