"""Loading the catalogue: once is enough, what was changed by hand stays, and nothing is drawn."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from arena.catalog.catalogue.loading import Fate, decide, load
from arena.catalog.catalogue.stored import all_places, read_stored
from arena.catalog.catalogue.tables import TABLES, Catalogue, read, write
from arena.catalog.models import (
    Alias,
    CatalogueRow,
    Claim,
    LanguageModel,
    Licence,
    Licensing,
    Organisation,
    Price,
)

pytestmark = pytest.mark.django_db
CARD = "https://example.org/card"


def small(**tables: dict[tuple[str, ...], tuple[str, ...]]) -> Catalogue:
    """Return a catalogue of one model, changed here and there."""
    catalogue: Catalogue = {
        "organisations": {("Grove",): ("FR", "https://grove.example", CARD)},
        "licences": {
            ("MIT",): ("MIT License", "weights_permissive", "yes", "yes", "", "", CARD),
        },
        "models": {("alder-7b",): ("Alder 7B",)},
        "aliases": {("alder-7b", "grove/Alder-7B"): (), ("alder-7b", "alder:7b"): ()},
        "taken": {
            ("alder-7b", "organisation"): ("Grove",),
            ("alder-7b", "weights_released_on"): ("2025-03-01",),
            ("alder-7b", "params_total_b"): ("7.24",),
            ("alder-7b", "context_tokens"): ("32768",),
            ("alder-7b", "modalities"): ("text+image",),
        },
        "claims": {
            ("alder-7b", "organisation", CARD): ("Grove", ""),
            ("alder-7b", "weights_released_on", CARD): ("2025-03-01", "2026-11-21"),
            ("alder-7b", "params_total_b", CARD): ("7.24", ""),
            ("alder-7b", "params_total_b", "a list"): ("7", ""),
            ("alder-7b", "context_tokens", CARD): ("32768", ""),
            ("alder-7b", "modalities", CARD): ("text+image", ""),
        },
        "licensings": {("alder-7b", "2025-03-01"): ("MIT", "weights_permissive", CARD)},
        "prices": {("alder-7b", "2025-04-01"): ("0.25", "1", CARD)},
    }
    for name, changed in tables.items():
        catalogue[name] = catalogue[name] | changed
    return catalogue


def fates(catalogue: Catalogue, **options: bool) -> dict[str, set[str]]:
    """Load, and return the fates that were met by table, but for those that stay the same."""
    found: dict[str, set[str]] = {}
    for row in load(catalogue, **options).decisions:
        if row.fate is not Fate.SAME:
            found.setdefault(row.table.name, set()).add(row.fate)
    return found


def alder() -> LanguageModel:
    return LanguageModel.objects.get(slug="alder-7b")


def test_the_shipped_catalogue_loads_once_and_comes_out_as_it_went_in(tmp_path: Path) -> None:
    shipped = read()
    output = StringIO()
    call_command("load_catalogue", stdout=output)
    assert f"models: {len(shipped['models'])} added" in output.getvalue()
    assert read_stored(all_places()) == shipped
    call_command("export_catalogue", str(tmp_path), stdout=StringIO())
    assert read(tmp_path) == shipped
    again = StringIO()
    call_command("load_catalogue", stdout=again)
    for word in ("added", "changed", "removed", "kept"):
        assert word not in again.getvalue()
    assert not LanguageModel.objects.drawable(at=timezone.now()).exists()
    assert not LanguageModel.objects.entered().exists()


def test_it_stores_every_fact_with_its_source() -> None:
    load(small())
    model = alder()
    assert (model.organisation, model.params_total_b, model.context_tokens) == (
        *("Grove", 7.24),
        32768,
    )
    assert model.modalities == ["text", "image"]
    assert str(model.weights_released_on) == "2025-03-01"
    assert model.licence_class() == "weights_permissive"
    assert Licensing.objects.get().licence == Licence.objects.get(identifier="MIT")
    assert {
        (claim.value, claim.source) for claim in model.claims.filter(fact="params_total_b")
    } == {
        ("7.24", CARD),
        ("7", "a list"),
    }
    assert str(Price.objects.get().input_usd) == "0.250000"
    assert Organisation.objects.get().country == "FR"
    assert {alias.name for alias in Alias.objects.all()} == {"grove/Alder-7B", "alder:7b"}


def test_a_dry_run_writes_nothing() -> None:
    planned = load(small(), dry_run=True)
    assert planned.count(TABLES[2], Fate.ADDED) == 1
    assert not LanguageModel.objects.exists()
    assert not CatalogueRow.objects.exists()


def test_a_new_file_changes_what_stands_as_it_was_loaded() -> None:
    load(small())
    newer = small(
        taken={("alder-7b", "context_tokens"): ("131072",)},
        claims={("alder-7b", "context_tokens", CARD): ("131072", "")},
        prices={("alder-7b", "2026-01-01"): ("0.1", "0.5", CARD)},
    )
    del newer["claims"]["alder-7b", "params_total_b", "a list"]
    del newer["aliases"]["alder-7b", "alder:7b"]
    del newer["taken"]["alder-7b", "modalities"]
    assert fates(newer) == {
        "aliases": {"removed"},
        "taken": {"changed", "removed"},
        "claims": {"changed", "removed"},
        "prices": {"added"},
    }
    assert (alder().context_tokens, alder().modalities) == (131072, [])
    assert Claim.objects.filter(fact="params_total_b").count() == 1
    assert read_stored(all_places()) == newer


def test_what_was_changed_in_the_admin_is_kept_until_it_is_overwritten() -> None:
    load(small())
    LanguageModel.objects.update(context_tokens=16384, name="Our Alder", params_total_b=None)
    Licence.objects.update(conditions="Ask us first.")
    Price.objects.all().delete()
    Claim.objects.create(
        language_model=alder(), fact="context_tokens", value="16384", source="measured"
    )
    newer = small(taken={("alder-7b", "context_tokens"): ("131072",)})
    kept = {table: {"kept"} for table in ("licences", "models", "taken", "prices")}
    assert fates(newer) == kept
    assert fates(newer) == kept, "kept also the next time"
    model = alder()
    assert (model.name, model.context_tokens, model.params_total_b) == ("Our Alder", 16384, None)
    assert Licence.objects.get().conditions == "Ask us first."
    load(newer, overwrite=True)
    model = alder()
    assert (model.name, model.context_tokens, model.params_total_b) == ("Alder 7B", 131072, 7.24)
    assert Claim.objects.filter(source="measured").exists(), "the file says nothing of this one"
    assert fates(newer) == {}


def test_a_model_that_was_deleted_stays_away() -> None:
    load(small())
    LanguageModel.objects.all().delete()
    loaded = load(small())
    assert loaded.skipped == ["alder-7b"]
    assert not LanguageModel.objects.exists()
    load(small(), overwrite=True)
    assert alder().context_tokens == 32768


def test_models_makers_and_licences_stay_when_they_leave_the_file() -> None:
    load(small())
    empty: Catalogue = {table.name: {} for table in TABLES}
    assert fates(empty) == {}
    assert alder().claims.exists()
    assert Organisation.objects.exists()


def test_facts_come_to_the_model_that_is_there_already() -> None:
    there = LanguageModel.objects.create(
        slug="grove-alder-7b", name="grove/Alder-7B", params_total_b=8
    )
    load(small())
    assert LanguageModel.objects.get() == there
    there.refresh_from_db()
    assert (there.slug, there.name) == ("grove-alder-7b", "grove/Alder-7B"), "names are kept"
    assert (there.context_tokens, there.params_total_b) == (32768, 8)
    LanguageModel.objects.update(slug="alder", name="Renamed")
    load(small(taken={("alder-7b", "context_tokens"): ("65536",)}))
    assert LanguageModel.objects.get().context_tokens == 65536, "found however it is called"


def test_a_name_that_could_be_two_models_finds_neither() -> None:
    LanguageModel.objects.create(slug="x", name="shared")
    both = small(
        models={("birch-7b",): ("Birch 7B",)},
        aliases={("alder-7b", "shared"): (), ("birch-7b", "shared"): ()},
    )
    load(both)
    assert LanguageModel.objects.count() == 3
    assert LanguageModel.objects.get(slug="x").context_tokens is None


def test_fictional_models_are_never_touched() -> None:
    LanguageModel.objects.create(slug="alder-7b", name="Alder 7B", simulated=True)
    assert load(small()).skipped == ["alder-7b"]
    assert LanguageModel.objects.get().context_tokens is None


def test_a_name_that_another_model_has_is_left_out() -> None:
    load(small())
    LanguageModel.objects.create(slug="other", name="Alder 7B Chat")
    renamed = load(small(models={("alder-7b",): ("Alder 7B Chat",)}))
    assert renamed.skipped == ["alder-7b"]
    assert alder().name == "Alder 7B"


def test_an_unsourced_fact_survives_export_and_load(tmp_path: Path) -> None:
    LanguageModel.objects.create(slug="oak", name="Oak", context_tokens=4096)
    call_command("export_catalogue", str(tmp_path), stdout=StringIO())
    line = "oak,context_tokens,4096,unsourced,,yes"
    assert line in (tmp_path / "facts.csv").read_text(encoding="utf-8")
    LanguageModel.objects.all().delete()
    call_command("load_catalogue", str(tmp_path), stdout=StringIO())
    assert LanguageModel.objects.get().context_tokens == 4096
    assert not Claim.objects.exists()


def test_the_command_tells_what_it_did_and_refuses_a_wrong_file(tmp_path: Path) -> None:
    write(small(), tmp_path)
    output = StringIO()
    call_command("load_catalogue", str(tmp_path), dry_run=True, verbosity=2, stdout=output)
    assert "claims: 6 added" in output.getvalue()
    assert "added: models alder-7b: nothing -> Alder 7B" in output.getvalue()
    assert "Nothing was written" in output.getvalue()
    call_command("load_catalogue", str(tmp_path), stdout=StringIO())
    LanguageModel.objects.update(context_tokens=1)
    output = StringIO()
    call_command("load_catalogue", str(tmp_path), stdout=output)
    assert (
        "kept as it is here: taken alder-7b, context_tokens (1; in the file 32768)"
        in output.getvalue()
    )
    (tmp_path / "models.csv").write_text("model,name\nalder-7b\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"line 2.*Nothing was loaded"):
        call_command("load_catalogue", str(tmp_path), stdout=StringIO())


@pytest.mark.parametrize(
    ("file", "loaded", "stored", "fate"),
    [
        (("a",), None, None, Fate.ADDED),
        (("a",), ("a",), ("a",), Fate.SAME),
        (("b",), ("a",), ("a",), Fate.CHANGED),
        (("b",), ("a",), ("c",), Fate.KEPT),
        (("a",), ("a",), ("c",), Fate.KEPT),
        (("a",), None, ("c",), Fate.KEPT),
        (("a",), None, ("a",), Fate.SAME),
        (("a",), ("a",), None, Fate.KEPT),
        (None, ("a",), ("a",), Fate.REMOVED),
        (None, ("a",), ("c",), Fate.KEPT),
        (None, ("a",), None, Fate.SAME),
    ],
)
def test_a_row_is_decided_by_file_memory_and_database(
    file: tuple[str] | None, loaded: tuple[str] | None, stored: tuple[str] | None, fate: Fate
) -> None:
    assert decide(file, loaded, stored, overwrite=False) is fate
