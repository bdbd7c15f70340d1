from tests.arena.catalog.preset_table import DOCUMENT, document


def test_the_table_of_servers_is_what_the_tests_try() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), (
        "write it again: python -m tests.arena.catalog.preset_table"
    )
