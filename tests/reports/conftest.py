"""Makes the sample document importable (`import report_samples`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
