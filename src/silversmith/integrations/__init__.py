"""Integrations: other tools, patterns and functions as sources, and the package inside other tools."""
