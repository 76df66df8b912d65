"""Makes the fixtures importable (`import sae_fixtures`): experiments/ and tools/ use the same ones."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
