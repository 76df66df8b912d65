import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# a busy machine is no fault of the code, so no example has a deadline
settings.register_profile("silver", deadline=None, max_examples=50)
settings.load_profile("silver")
