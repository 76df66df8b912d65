"""Workbench: review pages and an HTTP service (planned)."""
