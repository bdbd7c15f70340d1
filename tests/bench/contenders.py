"""What is measured: each package's own way from its own input to ratings.

A contender is prepared untimed, with its input in the form that it takes, and then called. It
returns ratings in natural log-odds, in the order of the models' numbers, for the error against
Newton's method. Packages are imported by the one contender that needs them: arena-rank lives in an
environment of its own, without this project.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import Any

import numpy as np

LOGIT = 400 / np.log(10)
OUTCOMES = np.array(["a", "b", "tie", "both_bad"])
WINNERS = np.array(["model_a", "model_b", "tie", "tie"])
STYLE = ("tokens", "headers", "lists", "bold")

type Run = Callable[[], Any]


@dataclass(frozen=True)
class Input:
    """n votes as numbers; `folder` is unused by contenders."""

    m: int
    a: Any
    b: Any
    outcome: Any
    features: Any
    category: Any

    @cached_property
    def names(self) -> Any:
        """Names in the order of the numbers; sorting keeps that order."""
        return np.array([f"model {number:04d}" for number in range(self.m)])

    @cached_property
    def frame(self) -> Any:
        """The votes as a pandas frame of strings, which is what arena packages take."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415

        frame = pd.DataFrame(
            {
                "model_a": self.names[self.a],
                "model_b": self.names[self.b],
                "winner": WINNERS[self.outcome],
            }
        )
        for place, name in enumerate(STYLE):
            frame[name] = self.features[:, place]
        return frame

    @property
    def score(self) -> Any:
        """Points of side A, (n,)."""
        return np.array([1.0, 0.0, 0.5, 0.5])[self.outcome]


def _sorted(board: Any) -> Any:
    """Ratings by name, in log-odds: names sort in the order of the numbers."""
    order = np.argsort(np.array(board.models))
    return (board.rating[order] - 1000) / LOGIT


def _votes(given: Input, *, style: bool) -> Any:
    import scipy.linalg  # noqa: F401, PLC0415 - loaded beforehand, as other packages are

    import ratings.kernels  # noqa: F401, PLC0415
    from ratings import Comparisons  # noqa: PLC0415

    return Comparisons(
        tuple(given.names),
        given.a,
        given.b,
        given.outcome,
        features=given.features if style else None,
    )


def ours(given: Input, work: str) -> Run:
    """This package, from integer columns."""
    import ratings  # noqa: PLC0415
    from ratings.live import LiveRatings  # noqa: PLC0415
    from ratings.slices import fit_slices  # noqa: PLC0415

    votes = _votes(given, style=work in {"style", "thirty categories"})
    if work.startswith("one more vote"):
        live = LiveRatings(votes)
        numbers = cycle(np.random.default_rng(0).integers(0, given.m, 10_000).tolist())

        def add() -> Any:
            one = next(numbers)
            live.add(one, (one + 1) % given.m, 0)
            return None if work == "one more vote" else live.board() and None

        return add
    if work == "thirty categories":
        rows = {str(c): given.category == c for c in range(30)}
        return lambda: fit_slices(votes, rows, style=True) and None
    fits: dict[str, Run] = {
        "plain": lambda: _sorted(ratings.fit_bradley_terry(votes)),
        "style": lambda: _sorted(ratings.fit_style_controlled(votes)),
        "bootstrap": lambda: _sorted(
            ratings.fit_bradley_terry(votes, interval="bootstrap", rounds=100)
        ),
        "elo": lambda: _sorted(ratings.fit_elo(votes)),
    }
    return fits[work]


def ours_sorted(given: Input, work: str) -> Run:
    """This package, from votes that a store keeps sorted by pair."""
    import ratings  # noqa: PLC0415

    del work
    votes = _votes(given, style=True).sorted()
    return lambda: _sorted(ratings.fit_style_controlled(votes))


def ours_warm(given: Input, work: str) -> Run:
    """The same, starting from the board of all votes but the last thousandth."""
    import ratings  # noqa: PLC0415

    del work
    votes = _votes(given, style=True)
    before = votes.select(slice(0, len(votes) - len(votes) // 1000))
    board = ratings.fit_style_controlled(before)
    kept = votes.sorted()
    return lambda: _sorted(ratings.fit_style_controlled(kept, start=board))


def ours_from_strings(given: Input, work: str) -> Run:
    """This package, from a frame of strings."""
    import scipy.linalg  # noqa: F401, PLC0415

    import ratings  # noqa: PLC0415
    import ratings.kernels  # noqa: PLC0415

    frame = given.frame
    outcome = OUTCOMES[np.minimum(given.outcome, 2)].tolist()
    frame["outcome"] = outcome
    style = {"features": given.features} if work == "style" else {}
    fit = ratings.fit_style_controlled if work == "style" else ratings.fit_bradley_terry

    def run() -> Any:
        votes = ratings.Comparisons.from_labels(
            frame["model_a"], frame["model_b"], frame["outcome"], **style
        )
        return _sorted(fit(votes))

    return run


def arena_rank(given: Input, work: str) -> Run:
    """LMArena's package, with its sandwich interval."""
    from arena_rank.models.bradley_terry import BradleyTerry  # type: ignore[import-not-found]  # noqa: PLC0415
    from arena_rank.models.contextual_bradley_terry import (  # type: ignore[import-not-found]  # noqa: PLC0415
        ContextualBradleyTerry,
    )
    from arena_rank.utils.data_utils import (  # type: ignore[import-not-found]  # noqa: PLC0415
        ContextualPairDataset,
        PairDataset,
    )

    frame = given.frame

    def plain() -> Any:
        data = PairDataset.from_pandas(frame)
        return BradleyTerry(given.m).compute_ratings_and_cis(data)

    def style() -> Any:
        data = ContextualPairDataset.from_pandas(frame, list(STYLE), reweighted=False)
        return ContextualBradleyTerry(given.m, len(STYLE)).compute_ratings_and_cis(data)

    def run() -> Any:
        found = {"plain": plain, "style": style}[work]()
        theta = np.asarray(found["ratings"]) - 1000
        return (theta - theta.mean()) / LOGIT

    return run


def evalica(given: Input, work: str) -> Run:
    """evalica, without intervals; its own outcomes in lists."""
    import evalica as package  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    xs, ys = given.names[given.a].tolist(), given.names[given.b].tolist()
    kinds = [package.Winner.X, package.Winner.Y, package.Winner.Draw, package.Winner.Draw]
    winners = [kinds[code] for code in given.outcome.tolist()]

    def run() -> Any:
        if work == "elo":
            found = package.elo(xs, ys, winners, initial=1000, base=10, scale=400, k=4)
            return (found.scores.sort_index().to_numpy() - 1000) / LOGIT
        scores = package.bradley_terry(xs, ys, winners, tolerance=1e-10, limit=10_000).scores
        theta = np.log(scores.sort_index().to_numpy())
        return theta - theta.mean()

    return run


def choix(given: Input, work: str) -> Run:
    """choix, from the matrix of points, without intervals."""
    import choix as package  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415

    del work
    points = np.zeros((given.m, given.m))
    np.add.at(points, (given.a, given.b), given.score)
    np.add.at(points, (given.b, given.a), 1 - given.score)
    return lambda: package.ilsr_pairwise_dense(points)


def ours_from_counts(given: Input, work: str) -> Run:
    """This package, from counts, with the sandwich interval."""
    from ratings import Tally, fit_bradley_terry  # noqa: PLC0415

    del work
    tally = Tally.from_comparisons(_votes(given, style=False))
    return lambda: _sorted(fit_bradley_terry(tally))


def scikit_learn(given: Input, work: str) -> Run:
    """Logistic regression on a sparse design, a tie as two half rows; without intervals."""
    from scipy.sparse import csr_array, hstack, vstack  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped,import-not-found,unused-ignore]  # noqa: PLC0415

    n = len(given.a)
    rows = np.repeat(np.arange(n), 2)
    sign = np.tile([1.0, -1.0], n)

    def run() -> Any:
        places = np.column_stack([given.a, given.b]).ravel()
        design = csr_array((sign, (rows, places)), shape=(n, given.m))
        if work == "style":
            design = hstack(
                [design, csr_array(given.features / given.features.std(axis=0))]
            ).tocsr()
        tied = np.flatnonzero(given.score == 0.5)
        whole = vstack([design, design[tied]]).tocsr()
        label = np.concatenate([given.score > 0, np.zeros(len(tied), dtype=bool)])
        weight = np.where(given.score == 0.5, 0.5, 1.0)
        model = LogisticRegression(C=1e8, fit_intercept=False, tol=1e-8, max_iter=1000)
        model.fit(whole, label, sample_weight=np.concatenate([weight, weight[tied]]))
        theta = model.coef_[0, : given.m]
        return theta - theta.mean()

    return run


def unique_rows(given: Input, work: str) -> Run:
    """L-BFGS on unique rows and their counts, the way FastChat does it; without intervals."""
    import pandas as pd  # noqa: PLC0415

    frame = given.frame
    value = {"model_a": 1.0, "model_b": 0.0, "tie": 0.5}

    def plain() -> Any:
        models, a, b = _factorize(pd, frame)
        rows = np.column_stack([a, b, frame["winner"].map(value).to_numpy() * 2]).astype(np.int32)
        unique, counts = np.unique(rows, axis=0, return_counts=True)
        return _descend(len(models), unique[:, :2], unique[:, 2] / 2, counts.astype(float), None)

    def bootstrap() -> None:
        models, a, b = _factorize(pd, frame)
        rows = np.column_stack([a, b, frame["winner"].map(value).to_numpy() * 2]).astype(np.int32)
        unique, counts = np.unique(rows, axis=0, return_counts=True)
        rng = np.random.default_rng(0)
        for drawn in rng.multinomial(len(rows), counts / len(rows), 100):
            kept = drawn > 0
            _descend(
                len(models), unique[kept, :2], unique[kept, 2] / 2, drawn[kept].astype(float), None
            )

    def style(chosen: Any = slice(None)) -> Any:
        part = frame[chosen]
        models, a, b = _factorize(pd, part)
        z = part[list(STYLE)].to_numpy()
        z = z / z.std(axis=0)
        pairs, score = np.column_stack([a, b]), part["winner"].map(value).to_numpy()
        return _descend(len(models), pairs, score, np.ones(len(a)), z)

    def thirty() -> Any:
        for category in range(30):
            style(given.category == category)

    return {
        "plain": plain,
        "bootstrap": bootstrap,
        "style": style,
        "thirty categories": thirty,
    }[work]


def _factorize(pd: Any, frame: Any) -> tuple[Any, Any, Any]:
    codes, models = pd.factorize(pd.concat([frame["model_a"], frame["model_b"]]), sort=True)
    return models, codes[: len(frame)], codes[len(frame) :]


def _descend(m: int, pairs: Any, score: Any, weight: Any, z: Any) -> Any:
    from scipy.optimize import minimize  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    k = 0 if z is None else z.shape[1]

    def loss(parameters: Any) -> tuple[float, Any]:
        logit = parameters[pairs[:, 0]] - parameters[pairs[:, 1]]
        if z is not None:
            logit = logit + z @ parameters[m:]
        residual = weight * (expit(logit) - score)
        gradient = np.bincount(pairs[:, 0], residual, m) - np.bincount(pairs[:, 1], residual, m)
        if z is not None:
            gradient = np.concatenate([gradient, residual @ z])
        return float(weight @ (np.logaddexp(0, logit) - score * logit)), gradient

    found = minimize(loss, np.zeros(m + k), jac=True, method="L-BFGS-B", options={"gtol": 1e-6})
    theta = found.x[:m]
    return theta - theta.mean()


def python_loop(given: Input, work: str) -> Run:
    """Elo as one writes it in Python."""
    del work
    a, b, score = given.a.tolist(), given.b.tolist(), given.score.tolist()

    def run() -> Any:
        rating = [1000.0] * given.m
        for i, j, result in zip(a, b, score, strict=True):
            expected = 1 / (1 + 10 ** ((rating[j] - rating[i]) / 400))
            rating[i] += 4 * (result - expected)
            rating[j] += 4 * (expected - result)
        return (np.array(rating) - 1000) / LOGIT

    return run


WORKS: dict[str, dict[str, Callable[[Input, str], Run]]] = {
    "plain": {
        "ours": ours,
        "ours, strings": ours_from_strings,
        "arena-rank": arena_rank,
        "evalica": evalica,
        "scikit-learn": scikit_learn,
        "L-BFGS": unique_rows,
    },
    "plain from counts": {"ours": ours_from_counts, "choix": choix},
    "style": {
        "ours": ours,
        "ours, sorted": ours_sorted,
        "ours, sorted, warm": ours_warm,
        "ours, strings": ours_from_strings,
        "arena-rank": arena_rank,
        "scikit-learn": scikit_learn,
        "L-BFGS": unique_rows,
    },
    "elo": {"ours": ours, "evalica": evalica, "Python loop": python_loop},
    "bootstrap": {"ours": ours, "L-BFGS": unique_rows},
    "thirty categories": {"ours": ours, "L-BFGS": unique_rows},
    "one more vote": {"ours": ours},
    "one more vote, all intervals": {"ours": ours},
}
