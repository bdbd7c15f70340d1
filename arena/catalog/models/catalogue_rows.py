"""What the catalogue's files said when they were loaded last."""

from django.db import models

from arena.catalog.models.language_models import LanguageModel


class CatalogueRow(models.Model):
    """One line of one file, as it was loaded.

    A row of the database that differs from it was changed in the admin since, and is kept.
    """

    table = models.CharField(max_length=20)
    # The cells that name the line, then all the others, as text.
    key = models.JSONField()
    cells = models.JSONField()
    # The model that a line of `models` stands for here, however it is called by now; null when
    # it was deleted.
    language_model = models.ForeignKey(
        LanguageModel,
        null=True,
        on_delete=models.SET_NULL,
        related_name="catalogue_rows",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["table", "key"], name="catalogue_row_one_per_line"),
        ]

    def __str__(self) -> str:
        return f"{self.table}: {', '.join(self.key)}"
