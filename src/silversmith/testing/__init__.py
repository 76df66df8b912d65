"""For tests of sources and formats, ours and plugins': the check battery and the nasty corpus."""

from silversmith.testing.check_source import check_source
from silversmith.testing.nasty import NASTY, nasty_documents

__all__ = ["NASTY", "check_source", "nasty_documents"]
