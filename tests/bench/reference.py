"""Answers to compare with, computed in the plainest way there is; none of this package's code."""

from pathlib import Path
from typing import Any

import numpy as np

from ratings.arrays import Floats
from tests.bench.grid import Case

_BLOCK = 1 << 18


def reference(case: Case, path: Path) -> Floats | None:
    """Strengths in log-odds, mean 0; computed once and kept beside the votes."""
    solve = {"style": _style, "elo": _elo}.get(case.work, _plain)
    if case.work in {"thirty categories", "one more vote", "one more vote, all intervals"}:
        return None
    kept = path.with_name(f"{path.stem}-{solve.__name__[1:]}.npy")
    if not kept.exists():
        with np.load(path) as columns:
            theta = solve({name: columns[name] for name in columns.files})
        np.save(kept, theta - theta.mean())
    return np.asarray(np.load(kept))


def _plain(columns: dict[str, Any]) -> Floats:
    """Newton's method to a step of 1e-12, from counts."""
    m, a, b = int(columns["m"]), columns["a"], columns["b"]
    score = np.array([1.0, 0.0, 0.5, 0.5])[columns["outcome"]]
    won = np.bincount(a * m + b, score, m * m) + np.bincount(b * m + a, 1 - score, m * m)
    points = won.reshape(m, m)
    played, theta = points + points.T, np.zeros(m)
    for _ in range(50):
        chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        gradient = points.sum(axis=1) - (played * chance).sum(axis=1)
        weight = played * chance * (1 - chance)
        hessian = np.diag(weight.sum(axis=1)) - weight
        step = np.linalg.pinv(hessian, hermitian=True) @ gradient
        theta += step
        if np.abs(step).max() < 1e-12:
            break
    return theta


def _style(columns: dict[str, Any]) -> Floats:
    """Newton's method to a step of 1e-12, over the votes in blocks."""
    m, n, k = int(columns["m"]), len(columns["a"]), columns["features"].shape[1]
    theta = np.zeros(m + k)
    for _ in range(50):
        gradient, hessian = np.zeros(m + k), np.zeros((m + k, m + k))
        for start in range(0, n, _BLOCK):
            rows = slice(start, start + _BLOCK)
            a, b = columns["a"][rows].astype(np.int64), columns["b"][rows].astype(np.int64)
            z = columns["features"][rows].astype(np.float64)
            score = np.array([1.0, 0.0, 0.5, 0.5])[columns["outcome"][rows]]
            chance = 1 / (1 + np.exp(theta[b] - theta[a] - z @ theta[m:]))
            residual, weight = score - chance, chance * (1 - chance)
            gradient[:m] += np.bincount(a, residual, m) - np.bincount(b, residual, m)
            gradient[m:] += residual @ z
            pair = np.bincount(a * m + b, weight, m * m).reshape(m, m)
            hessian[:m, :m] -= pair + pair.T
            hessian[range(m), range(m)] += pair.sum(axis=0) + pair.sum(axis=1)
            for column in range(k):
                pull = weight * z[:, column]
                hessian[:m, m + column] += np.bincount(a, pull, m) - np.bincount(b, pull, m)
            hessian[m:, m:] += z.T @ (weight[:, None] * z)
        hessian[m:, :m] = hessian[:m, m:].T
        step = np.linalg.pinv(hessian, hermitian=True, rcond=1e-13) @ gradient
        theta += step
        if np.abs(step).max() < 1e-12:
            break
    strengths: Floats = theta[:m]
    return strengths


def _elo(columns: dict[str, Any]) -> Floats:
    """One vote after the other in Python: K = 4, 400 points for a factor of 10."""
    unit = 400 / np.log(10)
    rating = [0.0] * int(columns["m"])
    score = np.array([1.0, 0.0, 0.5, 0.5])[columns["outcome"]]
    for i, j, result in zip(
        columns["a"].tolist(), columns["b"].tolist(), score.tolist(), strict=True
    ):
        move = 4 * (result - 1 / (1 + 10 ** ((rating[j] - rating[i]) / 400)))
        rating[i] += move
        rating[j] -= move
    strengths: Floats = np.array(rating) / unit
    return strengths
