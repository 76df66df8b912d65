"""Makes `tiny_heads` (this folder) importable, and gives a busy machine time."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
settings.register_profile("heads", deadline=None, max_examples=40)
settings.load_profile("heads")
