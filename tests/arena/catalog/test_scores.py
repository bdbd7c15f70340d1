"""Published scores from a file: stored once, and refused whole where a line is wrong."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from arena.catalog.models import LanguageModel, PublishedScore

pytestmark = pytest.mark.django_db
HEAD = "model,benchmark,value,shots,harness,source,date\n"


def write(folder: Path, *lines: str, head: str = HEAD) -> str:
    file = folder / "scores.csv"
    file.write_text(head + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(file)


def run(file: str) -> str:
    output = StringIO()
    call_command("import_scores", file, stdout=output)
    return output.getvalue()


def test_it_stores_scores_of_models_by_slug_or_name(tmp_path: Path) -> None:
    LanguageModel.objects.create(slug="alder", name="Alder 7B")
    file = write(
        tmp_path,
        "alder,MMLU,61.5,5,own,https://example.org/card,2026-01-02",
        "Alder 7B,HumanEval,40,,,model card,",
        "Nobody,MMLU,50,5,,model card,",
    )
    output = run(file)
    assert "2 scores stored" in output
    assert "no such model: Nobody" in output
    found = PublishedScore.objects.get(benchmark="MMLU")
    assert (found.value, found.shots, str(found.published_on)) == (61.5, 5, "2026-01-02")
    assert PublishedScore.objects.get(benchmark="HumanEval").shots is None


def test_a_second_import_changes_the_value_and_adds_nothing(tmp_path: Path) -> None:
    LanguageModel.objects.create(slug="alder", name="Alder 7B")
    run(write(tmp_path, "alder,MMLU,61.5,,,model card,", "alder,MMLU,61.7,,,model card,"))
    run(write(tmp_path, "alder,MMLU,62,,,model card,2026-01-02"))
    assert [score.value for score in PublishedScore.objects.all()] == [62]


@pytest.mark.parametrize(
    "line",
    [
        "alder,MMLU,high,5,,model card,",
        "alder,MMLU,nan,5,,model card,",
        "alder,MMLU,50,-1,,model card,",
        "alder,MMLU,50,5,,model card,yesterday",
        "alder,MMLU,50,5,,,",
        "alder,,50,5,,model card,",
    ],
)
def test_a_wrong_line_is_named_and_nothing_is_stored(tmp_path: Path, line: str) -> None:
    LanguageModel.objects.create(slug="alder", name="Alder")
    file = write(tmp_path, "alder,MMLU,61.5,5,,model card,", line)
    with pytest.raises(CommandError, match="Line 3"):
        run(file)
    assert not PublishedScore.objects.exists()


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no column 'benchmark'"):
        run(write(tmp_path, "alder,5", head="model,value\n"))
