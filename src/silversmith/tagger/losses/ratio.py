"""The share of words that should be inside entities, from the silver's own share and its recall.

rho = silver share / recall
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["expected_ratio"]


def expected_ratio(tags: NDArray[np.int64], options: dict[str, Any]) -> float:
    """rho of options: `ratio` if given, else the silver's share of entity words over `recall` (default 1)."""
    if options.get("ratio"):
        return float(options["ratio"])
    share = float((tags > 0).mean()) if len(tags) else 0.0
    return min(0.9, share / max(float(options.get("recall") or 1.0), 0.05))
