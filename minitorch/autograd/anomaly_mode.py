"""torch's address of the search for errors in backward.  Source: torch.autograd.anomaly_mode."""

from minitorch.autograd.anomaly import detect_anomaly, set_detect_anomaly

__all__ = ["detect_anomaly", "set_detect_anomaly"]
