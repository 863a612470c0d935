"""Writing event files: ``SummaryWriter`` for programs, ``FileWriter`` for one file.

Source: torch.utils.tensorboard.writer.
"""

from __future__ import annotations

import datetime
import os
import socket
import time
from typing import Any

import numpy as np
from google.protobuf import text_format
from tensorboard.compat.proto.event_pb2 import Event, SessionLog, TaggedRunMetadata
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from minitorch.utils.tensorboard import summary
from minitorch.utils.tensorboard._arrays import as_array, rendered
from minitorch.utils.tensorboard._embedding import write_embedding
from minitorch.utils.tensorboard._graph import graph_of

__all__ = ["FileWriter", "SummaryWriter"]


class FileWriter:
    """One event file: takes records, writes them in the background.

    Args:
        log_dir: the folder the file is made in.
        max_queue: how many records may wait.
        flush_secs: after how many seconds they are written at the latest.
        filename_suffix: the end of the file's name.

    Source: torch.utils.tensorboard.FileWriter.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        self.event_writer = EventFileWriter(str(log_dir), max_queue, flush_secs, filename_suffix)

    def get_logdir(self) -> str:
        """The folder of the file."""
        return self.event_writer.get_logdir()

    def add_event(self, event: Any, step: Any = None, walltime: float | None = None) -> None:
        """Append an ``Event``, at this step and at this time (now, when None)."""
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(step)
        self.event_writer.add_event(event)

    def add_summary(
        self, summary: Any, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """Append a ``Summary``."""
        self.add_event(Event(summary=summary), global_step, walltime)

    def add_graph(self, graph_profile: Any, walltime: float | None = None) -> None:
        """Append a graph: a pair of ``GraphDef`` and ``RunMetadata``."""
        graph, profile = graph_profile
        self.add_event(Event(graph_def=graph.SerializeToString()), None, walltime)
        tagged = TaggedRunMetadata(tag="step1", run_metadata=profile.SerializeToString())
        self.add_event(Event(tagged_run_metadata=tagged), None, walltime)

    def flush(self) -> None:
        """Write what waits."""
        self.event_writer.flush()

    def close(self) -> None:
        """Write what waits and close the file."""
        self.event_writer.close()

    def reopen(self) -> None:
        """Go on after ``close``, in the same file."""
        self.event_writer.reopen()


class SummaryWriter:
    """Writes what a training run does, for TensorBoard to show.

    Args:
        log_dir: the folder of the run; ``runs/<date>_<host><comment>`` when None.
        comment: the end of the default folder's name.
        purge_step: what an interrupted run in the same folder wrote from this step on is hidden.
        max_queue: how many records may wait.
        flush_secs: after how many seconds they are written at the latest.
        filename_suffix: the end of the event files' names.

    Source: torch.utils.tensorboard.SummaryWriter.

    Example::

        >>> import os, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with SummaryWriter(folder) as writer:
        ...         writer.add_scalar("loss", 0.5, 1)
        ...     os.listdir(folder)[0].startswith("events.out.tfevents.")
        True
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str = "",
    ) -> None:
        if not log_dir:
            now = datetime.datetime.now().strftime("%b%d_%H-%M-%S")
            log_dir = os.path.join("runs", f"{now}_{socket.gethostname()}{comment}")
        self.log_dir = log_dir
        self.purge_step = purge_step
        self.max_queue = max_queue
        self.flush_secs = flush_secs
        self.filename_suffix = filename_suffix
        self.file_writer: FileWriter | None = None
        #: By folder; None after ``close``.
        self.all_writers: dict[str, FileWriter] | None = None
        self._projector = ProjectorConfig()
        self._get_file_writer()
        steps = [1e-12]
        while (step := steps[-1] * 1.1) < 1e20:
            steps.append(step)
        #: The ends of a histogram's buckets: each 10% further from 0 than the one before.
        self.default_bins = [*(-step for step in reversed(steps)), 0, *steps]

    def _new_writer(self, folder: Any) -> FileWriter:
        return FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)

    def _get_file_writer(self) -> FileWriter:
        """The run's own writer; after ``close`` a new one."""
        if self.file_writer is None or self.all_writers is None:
            self.file_writer = self._new_writer(self.log_dir)
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                start = SessionLog(status=SessionLog.START)
                step = self.purge_step
                self.file_writer.add_event(Event(step=step, file_version="brain.Event:2"))
                self.file_writer.add_event(Event(step=step, session_log=start))
                self.purge_step = None
        return self.file_writer

    def _add(self, record: Any, global_step: Any = None, walltime: float | None = None) -> None:
        self._get_file_writer().add_summary(record, global_step, walltime)

    def get_logdir(self) -> str | os.PathLike[str]:
        """The folder of the run."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Add a number: a point of the curve ``tag``.

        ``new_style`` writes it as a tensor, then ``double_precision`` in float64.
        Raises AssertionError for more than one number.
        """
        record = summary.scalar(tag, scalar_value, None, new_style, double_precision)
        self._add(record, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a number to each of several curves in one chart, each in a folder of its own."""
        walltime = time.time() if walltime is None else walltime
        root = self._get_file_writer().get_logdir()
        assert self.all_writers is not None
        for tag, value in tag_scalar_dict.items():
            folder = f"{root}/{main_tag.replace('/', '_')}_{tag}"
            if folder not in self.all_writers:
                self.all_writers[folder] = self._new_writer(folder)
            record = summary.scalar(main_tag, value)
            self.all_writers[folder].add_summary(record, global_step, walltime)

    def add_tensor(
        self, tag: str, tensor: Any, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add a whole tensor."""
        self._add(summary.tensor_proto(tag, tensor), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Add a histogram of values.

        ``bins``: "tensorflow", whose buckets grow with the distance from 0, or what
        ``numpy.histogram`` takes.
        """
        if isinstance(bins, str) and bins == "tensorflow":
            bins = self.default_bins
        self._add(summary.histogram(tag, values, bins, max_bins), global_step, walltime)

    def add_histogram_raw(
        self,
        tag: str,
        min: float,
        max: float,
        num: int,
        sum: float,
        sum_squares: float,
        bucket_limits: Any,
        bucket_counts: Any,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a histogram that was counted elsewhere; limits are the upper ends of the buckets.

        Raises ValueError unless there are as many limits as counts.
        """
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError("len(bucket_limits) != len(bucket_counts), see the document.")
        record = summary.histogram_raw(
            tag, min, max, num, sum, sum_squares, bucket_limits, bucket_counts
        )
        self._add(record, global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add a picture of bytes, or of numbers 0 ... 1; ``dataformats`` orders its dimensions."""
        self._add(summary.image(tag, img_tensor, 1, dataformats), global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Add pictures side by side, eight in a row."""
        self._add(summary.image(tag, img_tensor, 1, dataformats), global_step, walltime)

    def add_image_with_boxes(
        self,
        tag: str,
        img_tensor: Any,
        box_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        rescale: float = 1,
        dataformats: str = "CHW",
        labels: Any = None,
    ) -> None:
        """Add a picture with boxes drawn on it, each (left, top, right, bottom), and labels.

        The labels are dropped unless there is one for each box.
        """
        if isinstance(labels, str):
            labels = [labels]
        if labels is not None and len(labels) != box_tensor.shape[0]:
            labels = None
        record = summary.image_boxes(tag, img_tensor, box_tensor, rescale, dataformats, labels)
        self._add(record, global_step, walltime)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """Add a matplotlib figure, or several of one size, and close it."""
        if isinstance(figure, list):
            pixels = np.stack([rendered(one, close) for one in figure])
            self.add_image(tag, pixels, global_step, walltime, dataformats="NCHW")
        else:
            self.add_image(tag, rendered(figure, close), global_step, walltime)

    def add_video(
        self,
        tag: str,
        vid_tensor: Any,
        global_step: int | None = None,
        fps: float = 4,
        walltime: float | None = None,
    ) -> None:
        """Add videos (N, time, C, H, W) of bytes or numbers 0 ... 1, side by side, as a GIF."""
        self._add(summary.video(tag, vid_tensor, fps), global_step, walltime)

    def add_audio(
        self,
        tag: str,
        snd_tensor: Any,
        global_step: int | None = None,
        sample_rate: int = 44100,
        walltime: float | None = None,
    ) -> None:
        """Add sound: numbers -1 ... 1, of one channel."""
        self._add(summary.audio(tag, snd_tensor, sample_rate), global_step, walltime)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add a text, in Markdown."""
        self._add(summary.text(tag, text_string), global_step, walltime)

    def add_onnx_graph(self, prototxt: Any) -> None:
        """Raises NotImplementedError: ONNX files are not read."""
        raise NotImplementedError("add_onnx_graph: ONNX files are not read")

    def add_graph(
        self,
        model: Any,
        input_to_model: Any = None,
        verbose: bool = False,
        use_strict_trace: bool = True,
    ) -> None:
        """Add the graph of a model: it runs once on ``input_to_model``, in evaluation mode.

        The graph is the one that autograd records, in the model's modules.

        Args:
            model: a module.
            input_to_model: its input, or a tuple of its inputs.
            verbose: print the graph as well.
            use_strict_trace: changes nothing.
        """
        graph, profile = graph_of(model, input_to_model)
        if verbose:
            for node in graph.node:
                print(f"{node.name} = {node.op}({', '.join(node.input)})")
        self._get_file_writer().add_graph((graph, profile))

    def add_embedding(
        self,
        mat: Any,
        metadata: list | None = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: list[str] | None = None,
    ) -> None:
        """Add points for the projector.

        Args:
            mat: (number, dimensions).
            metadata: a label for each point, or with ``metadata_header`` a list of them.
            label_img: a picture for each point, (number, C, H, W).
            global_step: a step; 0 when None.
            tag: the name of the points.
            metadata_header: the names of the columns of ``metadata``.
        """
        step = f"{0 if global_step is None else global_step:0>5}"
        folder = self._get_file_writer().get_logdir()
        quoted = tag.replace("%", "%25").replace("/", "%2f").replace("\\", "%5c")
        pictures = None if label_img is None else as_array(label_img)
        info = write_embedding(
            folder, f"{step}/{quoted}", as_array(mat), metadata, pictures, metadata_header
        )
        info.tensor_name = f"{tag}:{step}"
        self._projector.embeddings.append(info)
        # The file lists all embeddings: it is written anew each time.
        config = os.path.join(folder, "projector_config.pbtxt")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text_format.MessageToString(self._projector))

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a curve of precision by recall, from labels 0 or 1 and predictions 0 ... 1."""
        record = summary.pr_curve(tag, labels, predictions, num_thresholds, weights)
        self._add(record, global_step, walltime)

    def add_pr_curve_raw(
        self,
        tag: str,
        true_positive_counts: Any,
        false_positive_counts: Any,
        true_negative_counts: Any,
        false_negative_counts: Any,
        precision: Any,
        recall: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add a curve of precision by recall that was counted elsewhere."""
        record = summary.pr_curve_raw(
            tag,
            true_positive_counts,
            false_positive_counts,
            true_negative_counts,
            false_negative_counts,
            precision,
            recall,
            num_thresholds,
            weights,
        )
        self._add(record, global_step, walltime)

    def add_custom_scalars(self, layout: dict[str, dict[str, list]]) -> None:
        """Arrange scalars in charts: {category: {chart: ["Multiline" or "Margin", tags]}}.

        Once per writer.
        """
        self._add(summary.custom_scalars(layout))

    def add_custom_scalars_multilinechart(
        self, tags: list[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Show several scalars in one chart."""
        self._add(summary.custom_scalars({category: {title: ["Multiline", tags]}}))

    def add_custom_scalars_marginchart(
        self, tags: list[str], category: str = "default", title: str = "untitled"
    ) -> None:
        """Show a scalar between a lower and an upper one: three tags."""
        if len(tags) != 3:
            raise AssertionError(f"Expected 3 tags, got {len(tags)}.")
        self._add(summary.custom_scalars({category: {title: ["Margin", tags]}}))

    def add_mesh(
        self,
        tag: str,
        vertices: Any,
        colors: Any = None,
        faces: Any = None,
        config_dict: dict | None = None,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add points in space, or triangles between them, each (batch, number, 3).

        ``config_dict`` configures the camera, the light and so on for Three.js.
        """
        record = summary.mesh(tag, vertices, colors, faces, config_dict)
        self._add(record, global_step, walltime)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Add a run's hyperparameters and what it achieved, for a table of all runs.

        Args:
            hparam_dict: the hyperparameters: ints, floats, strings, bools.
            metric_dict: what was measured; the tags must not be used elsewhere.
            hparam_domain_discrete: the values that some hyperparameters may take.
            run_name: the folder below the run's own; the time when None or empty.
            global_step: the step of the metrics.
        """
        records = summary.hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        folder = os.path.join(self._get_file_writer().get_logdir(), run_name or str(time.time()))
        with SummaryWriter(folder) as writer:
            for record in records:
                writer._add(record, global_step)
            for name, value in metric_dict.items():
                writer.add_scalar(name, value, global_step)

    def flush(self) -> None:
        """Write what waits."""
        for writer in (self.all_writers or {}).values():
            writer.flush()

    def close(self) -> None:
        """Write what waits and close the files.  The next record opens new ones."""
        for writer in (self.all_writers or {}).values():
            writer.flush()
            writer.close()
        self.file_writer = self.all_writers = None

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
