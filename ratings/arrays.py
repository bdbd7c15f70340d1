"""Array types that the signatures of this package are written with."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]
type Flags = NDArray[np.bool_]
type AnyInteger = NDArray[np.integer[Any]]
type AnyFloat = NDArray[np.floating[Any]]
