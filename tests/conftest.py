"""What all tests share: the repository root on the path, and the same random numbers every time."""

from __future__ import annotations

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # tests import each other as ``tests.samples``
    sys.path.insert(0, str(ROOT))
