"""Integrations: other tools as sources, and the package inside other tools (planned)."""
