"""``Compare``: measurements side by side.  Source: torch.utils.benchmark.utils.compare."""

from __future__ import annotations

import enum
import math

from minitorch.utils.benchmark.utils import common

__all__ = ["Colorize", "Compare"]

_BEST, _GOOD, _BAD, _VERY_BAD = "\033[92m", "\033[34m", "\033[2m\033[91m", "\033[31m"
_BOLD, _END = "\033[1m", "\033[0m\033[0m"


class Colorize(enum.Enum):
    """What the colours of a table compare.  Source: torch.utils.benchmark.Colorize."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class Compare:
    """Tables of measurements: one for each label, a row for each sub-label, a column for each
    description.

    Source: torch.utils.benchmark.Compare.
    """

    def __init__(self, results: list[common.Measurement]):
        self._results: list[common.Measurement] = []
        self.extend_results(results)
        self._trim = False
        self._colorize = Colorize.NONE
        self._highlight = False

    def extend_results(self, results: list[common.Measurement]) -> None:
        """Add measurements.  Raises ValueError for anything else."""
        for result in results:
            if not isinstance(result, common.Measurement):
                raise ValueError(
                    f"Expected an instance of `Measurement`, got {type(result)} instead."
                )
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Print only the digits that mean something."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Colour the best and the worst of each column, or of each row."""
        self._colorize = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Mark measurements that vary by how much they do."""
        self._highlight = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def __str__(self):
        merged = common.Measurement.merge(self._results)
        labels = common.ordered_unique(result.label for result in merged)
        tables = [self._table([r for r in merged if r.label == label]) for label in labels]
        return "\n".join(tables)

    def _table(self, results):
        unit, scale = common.select_unit(min(result.median for result in results))
        columns = common.ordered_unique(result.description for result in results)
        keys = common.ordered_unique(
            (r.num_threads, r.env, r.as_row_name) for r in sorted(results, key=_threads)
        )
        cells = {
            (result.num_threads, result.env, result.as_row_name, result.description): result
            for result in results
        }
        rows = [[cells.get((*key, column)) for column in columns] for key in keys]
        texts = self._texts(rows, columns, scale)
        names = [(f"({env}) " if env else "") + name for _, env, name in keys]
        indent = max(map(len, names))
        widths = [
            max(len(column or ""), *(len(row[i]) for row in texts))
            for i, column in enumerate(columns)
        ]
        header = _joined(" " * (6 + indent), [c or "" for c in columns], widths)
        lines = [header]
        for at, (key, name, row) in enumerate(zip(keys, names, texts, strict=True)):
            if not at or keys[at - 1][0] != key[0]:
                words = f"{key[0]} threads: "
                lines.append(words + "-" * (len(header) - len(words)))
            shown = [
                self._colored(text.center(width), rows, at, column)
                for column, (text, width) in enumerate(zip(row, widths, strict=True))
            ]
            lines.append(_joined("      " + name.ljust(indent), shown, widths))
        label = results[0].label or "[Unknown]"
        title = f"[{f' {label} '.center(len(header) - 2, '-')}]"
        english = common.unit_to_english(unit)
        return "\n".join([title, *lines, "", f"Times are in {english}s ({unit}).", ""])

    def _texts(self, rows, columns, scale):
        """The numbers as text, each column with the same digits after the point."""
        texts = [["" for _ in columns] for _ in rows]
        for i in range(len(columns)):
            column = [row[i] for row in rows if row[i] is not None]
            before = [math.ceil(math.log10(result.median / scale)) for result in column]
            after = 1
            if self._trim:
                after = min(
                    max(result.significant_figures - digits, 0)
                    for result, digits in zip(column, before, strict=True)
                )
            width = max(before) + after + (1 if after else 0)
            for at, row in enumerate(rows):
                result = row[i]
                if result is None:
                    continue
                value = result.median / scale
                if self._trim:
                    value = common.trim_sigfig(value, result.significant_figures)
                texts[at][i] = f"{value:>{width}.{after}f}"
                if self._highlight and result.has_warnings:
                    texts[at][i] += f" (! {result.iqr / result.median * 100:.0f}%)"
        return texts

    def _colored(self, text, rows, at, column):
        result = rows[at][column]
        if result is None or self._colorize is Colorize.NONE:
            return text
        if self._colorize is Colorize.ROWWISE:
            group = rows[at]
        else:
            group = [row[column] for row in rows]
        best = min(other.median for other in group if other is not None)
        value = result.median
        if value <= best * 1.01 or value <= best + 100e-9:
            return _BEST + _BOLD + text + _END
        if value <= best * 1.1:
            return _GOOD + _BOLD + text + _END
        if value >= best * 5:
            return _VERY_BAD + _BOLD + text + _END
        if value >= best * 2:
            return _BAD + text + _END
        return text


def _threads(result):
    return result.num_threads


def _joined(name, cells, widths):
    return name + "".join(
        f"  |  {cell.center(width)}" for cell, width in zip(cells, widths, strict=True)
    )
