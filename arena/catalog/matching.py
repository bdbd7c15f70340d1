"""Which contestant a server means: by its name or an alias, and only where no doubt is left."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models.functions import Lower

from arena.catalog.models import Alias, LanguageModel


def known_model(name: str) -> LanguageModel | None:
    """Return the one model that is called so; None where there is none, or more than one."""
    return known_models([name]).get(name)


def known_models(names: Iterable[str]) -> dict[str, LanguageModel]:
    """Return the models that servers' names mean, in three queries however many there are.

    A name means the model that has exactly this name. Otherwise it means the model with this slug,
    this repository or this alias, in capitals or not, when that is a single one. A repository's
    last part stands for it as well: servers often leave the owner out.

    Parameters
    ----------
    names : iterable of str
        As servers list them: ``meta-llama/Llama-3.1-8B-Instruct``, ``llama3.1:8b``.
    """
    wanted = set(names)
    models = LanguageModel.objects.filter(simulated=False)
    exact = {model.name: model for model in models.filter(name__in=wanted)}
    left = {name.lower() for name in wanted - exact.keys()}
    meant: dict[str, set[LanguageModel]] = defaultdict(set)
    for model in models:
        repository = model.hugging_face.lower()
        for word in {model.slug, model.name.lower(), repository, repository.rpartition("/")[2]}:
            if word in left:
                meant[word].add(model)
    aliases = Alias.objects.filter(language_model__simulated=False)
    lowered = aliases.annotate(lower=Lower("name")).filter(lower__in=left)
    for alias in lowered.select_related("language_model"):
        meant[alias.name.lower()].add(alias.language_model)
    single = {word: next(iter(found)) for word, found in meant.items() if len(found) == 1}
    return exact | {
        name: single[name.lower()] for name in wanted - exact.keys() if name.lower() in single
    }
