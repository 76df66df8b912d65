"""Workbench: the review page and the HTTP service."""
