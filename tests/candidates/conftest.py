"""Makes `tiny_heads` (tests/models) importable, and gives a busy machine time."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent.parent / "models"))
settings.register_profile("candidates", deadline=None, max_examples=40)
settings.load_profile("candidates")
