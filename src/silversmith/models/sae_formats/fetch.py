"""Downloading one autoencoder's files, only on explicit command, through `huggingface_hub`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from silversmith.core.errors import ModelError
from silversmith.models.sae_formats.registry import Entry, nearest_100

__all__ = ["fetch"]


def fetch(entry: Entry, folder: Path) -> Path:
    """Download the entry's files below `folder`; the local path of the autoencoder.

    Raises ModelError: S020 no such repository or path, S022 gated, S023 no network, S024 no client.
    """
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError:
        raise ModelError(
            "S024",
            "downloading needs huggingface_hub",
            where=entry.name,
            remedy="pip install huggingface_hub",
        ) from None
    try:
        path = _canonical(hub, entry)
        patterns = [path, f"{path}/*"]
        root = Path(hub.snapshot_download(entry.repo, allow_patterns=patterns, local_dir=folder / entry.repo))
    except Exception as error:  # of the client, and of whatever transport it happens to use
        refusal = _refusal(error, errors, entry)
        if refusal is None:
            raise
        raise refusal from None
    found = root / path
    if not found.exists():
        raise ModelError("S020", f"there is no {path} in {entry.repo}", where=entry.name)
    return found


def _refusal(error: Exception, errors: Any, entry: Entry) -> ModelError | None:
    """What the user is told about a failed download; None for a fault of ours."""
    if isinstance(error, errors.GatedRepoError):
        return ModelError(
            "S022",
            f"{entry.repo} is gated: expected a token of an account that accepted its terms, found none",
            where=entry.name,
            remedy="accept the terms on its page, then: hf auth login, and run this command again",
        )
    if isinstance(error, errors.LocalEntryNotFoundError | errors.OfflineModeIsEnabled):
        return _offline(entry, error)
    if isinstance(
        error, errors.RepositoryNotFoundError | errors.EntryNotFoundError | errors.RevisionNotFoundError
    ):
        return ModelError(
            "S020",
            f"there is no {entry.repo}:{entry.path} on the hub",
            where=entry.name,
            remedy="silversmith models lists the known names",
        )
    transport = {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "huggingface_hub"}
    if isinstance(error, OSError) or type(error).__module__.split(".")[0] in transport:
        return _offline(entry, error)
    return None


def _canonical(hub: Any, entry: Entry) -> str:
    """The entry's path; `canonical` is no folder but an alias of the released L0 nearest 100."""
    if not entry.path.endswith("/canonical"):
        return entry.path
    parent = entry.path.removesuffix("canonical")
    listed = hub.HfApi().list_repo_files(entry.repo)
    released = {
        int(name.removeprefix(f"{parent}average_l0_").partition("/")[0])
        for name in listed
        if name.startswith(f"{parent}average_l0_")
    }
    if not released:
        raise ModelError("S020", f"no {parent}average_l0_N in {entry.repo}", where=entry.name)
    return f"{parent}average_l0_{nearest_100(released)}"


def _offline(entry: Entry, error: Exception | None = None) -> ModelError:
    return ModelError(
        "S023",
        f"no network: {entry.repo} can't be reached"
        + (f" ({str(error).splitlines()[0][:120]})" if error and str(error) else ""),
        where=entry.name,
        remedy=f"where there is one: silversmith models add {entry.name}, then copy the folder it names; "
        "or give a local folder",
    )
