"""Makes the scripts of `training/` and the tiny models of tests/models importable."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT / "training"), str(ROOT / "tests" / "models")]
