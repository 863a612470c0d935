"""Event files for TensorBoard; needs the package ``tensorboard``.

Source: torch.utils.tensorboard.

::

    from minitorch.utils.tensorboard import SummaryWriter

    with SummaryWriter() as writer:
        for step in range(100):
            writer.add_scalar("loss", loss, step)

and then ``tensorboard --logdir runs``.
"""

try:
    import tensorboard as _tensorboard  # noqa: F401
except ImportError:
    raise ImportError(
        "minitorch.utils.tensorboard needs the package tensorboard: pip install tensorboard"
    ) from None

from tensorboard.summary.writer.record_writer import RecordWriter

from minitorch.utils.tensorboard.writer import FileWriter, SummaryWriter

__all__ = ["FileWriter", "RecordWriter", "SummaryWriter"]
