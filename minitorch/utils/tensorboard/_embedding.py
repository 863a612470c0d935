"""The files of TensorBoard's projector: points, their labels, their pictures."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.plugins.projector.projector_config_pb2 import EmbeddingInfo

from minitorch.utils.tensorboard._arrays import grid, png

__all__ = ["write_embedding"]


def write_embedding(
    log_dir: str,
    subdir: str,
    points: np.ndarray,
    metadata: list | None,
    pictures: np.ndarray | None,
    header: list[str] | None,
) -> EmbeddingInfo:
    """Writes the files into ``log_dir/subdir`` and says where they are."""
    if points.ndim != 2:
        raise AssertionError("mat should be 2D, where mat.size(0) is the number of data points")
    if metadata is not None and len(metadata) != len(points):
        raise AssertionError("#labels should equal with #data points")
    if pictures is not None and len(pictures) != len(points):
        raise AssertionError("#images should equal with #data points")
    folder = Path(log_dir, subdir)
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"Path: `{folder}` exists, but is a file. Cannot proceed.")
    if folder.exists():
        print("warning: Embedding dir exists, did you set global_step for add_embedding()?")
    folder.mkdir(parents=True, exist_ok=True)
    info = EmbeddingInfo(tensor_path=f"{subdir}/tensors.tsv")
    _write_table(folder / "tensors.tsv", points.tolist())
    if metadata is not None:
        info.metadata_path = f"{subdir}/metadata.tsv"
        if header:
            if len(header) != len(metadata[0]):
                raise AssertionError(
                    "len of header must be equal to the number of columns in metadata"
                )
            _write_table(folder / "metadata.tsv", [header, *metadata])
        else:
            _write_table(folder / "metadata.tsv", [[label] for label in metadata])
    if pictures is not None:
        info.sprite.image_path = f"{subdir}/sprite.png"
        info.sprite.single_image_dim.extend([pictures.shape[3], pictures.shape[2]])
        (folder / "sprite.png").write_bytes(_sprite(pictures))
    return info


def _write_table(path: Path, rows: Any) -> None:
    lines = ["\t".join(map(str, row)) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _sprite(pictures: np.ndarray) -> bytes:
    """All pictures in one, which the projector wants to be a square."""
    side = math.ceil(len(pictures) ** 0.5)
    together = grid(pictures, side).transpose(1, 2, 0)
    scale = 1 if together.dtype == np.uint8 else 255
    square = np.zeros((together.shape[1], together.shape[1], 3))
    square[: len(together)] = together
    return png((square * scale).clip(0, 255).astype(np.uint8))
