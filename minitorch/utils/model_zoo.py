"""The old place of ``hub.load_state_dict_from_url``.  Source: torch.utils.model_zoo."""

from typing import Any

__all__ = ["load_url"]


def load_url(
    url: str,
    model_dir: Any = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """Load a checkpoint, from the hub's folder if it is there, else from the net.

    See ``minitorch.hub.load_state_dict_from_url``.  Source: torch.utils.model_zoo.load_url.
    """
    # Here and not above: hub stands higher than utils.
    from minitorch.hub import load_state_dict_from_url

    return load_state_dict_from_url(
        url, model_dir, map_location, progress, check_hash, file_name, weights_only
    )
