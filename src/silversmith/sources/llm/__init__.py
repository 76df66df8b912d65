"""The source `llm`: a chat server annotates: free concepts (NuNER, section 3.1) or the types of a schema."""

from silversmith.sources.llm.client import ChatClient, ClientOptions
from silversmith.sources.llm.prompting import Prompt, open_prompt, schema_prompt
from silversmith.sources.llm.run import Annotator, Counts
from silversmith.sources.llm.source import LLM

__all__ = [
    "LLM",
    "Annotator",
    "ChatClient",
    "ClientOptions",
    "Counts",
    "Prompt",
    "open_prompt",
    "schema_prompt",
]
