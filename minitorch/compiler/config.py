"""The compiler's settings: kept and read back.  Source: torch.compiler.config."""

from __future__ import annotations

__all__ = ["cache_key_tag", "dynamic_sources", "force_disable_caches", "job_id"]

job_id: str | None = None
force_disable_caches = False
dynamic_sources = ""
cache_key_tag = ""
