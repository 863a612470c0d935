"""The records of an event file, one function per kind of data.

Each returns a ``Summary``, the protocol buffer that TensorBoard reads; the formats are those of
TensorBoard's plugins.  Source: torch.utils.tensorboard.summary.
"""

import io
import json
import struct
import wave
from typing import Any

import numpy as np
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.pr_curve.plugin_data_pb2 import PrCurvePluginData
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

from minitorch import dtypes
from minitorch.tensor import Tensor
from minitorch.utils.tensorboard._arrays import (
    as_array,
    as_bytes,
    as_hwc,
    png,
    video_frames,
)

__all__ = [
    "audio",
    "custom_scalars",
    "histogram",
    "histogram_raw",
    "hparams",
    "image",
    "image_boxes",
    "mesh",
    "pr_curve",
    "pr_curve_raw",
    "scalar",
    "tensor_proto",
    "text",
    "video",
]


def _one(**fields: Any) -> Summary:
    """A summary of one value."""
    return Summary(value=[Summary.Value(**fields)])


def _plugin(name: str, content: Any = None) -> SummaryMetadata:
    """Says which of TensorBoard's plugins shows the value, and what it should know."""
    content = b"" if content is None else content.SerializeToString()
    data = SummaryMetadata.PluginData(plugin_name=name, content=content)
    return SummaryMetadata(plugin_data=data)


def _shape(*lengths: int) -> TensorShapeProto:
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in lengths])


def scalar(
    name: str,
    tensor: Any,
    collections: Any = None,
    new_style: bool = False,
    double_precision: bool = False,
) -> Summary:
    """One number, in the old style's float field or as a tensor.

    Raises AssertionError for more than one.
    """
    array = as_array(tensor).squeeze()
    if array.ndim:
        raise AssertionError(
            "Tensor should contain one element (0 dimensions). "
            f"Was given size: {array.size} and {array.ndim} dimensions."
        )
    number = float(array)
    if not new_style:
        return _one(tag=name, simple_value=number)
    if double_precision:
        proto = TensorProto(double_val=[number], dtype="DT_DOUBLE")
    else:
        proto = TensorProto(float_val=[number], dtype="DT_FLOAT")
    return _one(tag=name, tensor=proto, metadata=_plugin("scalars"))


#: The name of each type of elements in a TensorProto, and the field that holds them.
_TENSOR_FIELDS = {
    dtypes.float16: ("DT_HALF", "half_val"),
    dtypes.bfloat16: ("DT_BFLOAT16", "half_val"),
    dtypes.float32: ("DT_FLOAT", "float_val"),
    dtypes.float64: ("DT_DOUBLE", "double_val"),
    dtypes.int8: ("DT_INT8", "int_val"),
    dtypes.uint8: ("DT_UINT8", "uint32_val"),
    dtypes.int16: ("DT_INT16", "int_val"),
    dtypes.int32: ("DT_INT32", "int_val"),
    dtypes.int64: ("DT_INT64", "int64_val"),
    dtypes.complex64: ("DT_COMPLEX64", "scomplex_val"),
    dtypes.complex128: ("DT_COMPLEX128", "dcomplex_val"),
    dtypes.bool_: ("DT_BOOL", "bool_val"),
}


def tensor_proto(tag: str, tensor: Tensor) -> Summary:
    """A whole tensor.  Raises ValueError from 2 GB on, the limit of protocol buffers."""
    if tensor.numel() * tensor.element_size() >= 1 << 31:
        raise ValueError("tensor is bigger than protocol buffer's hard limit of 2GB in size")
    dtype, field = _TENSOR_FIELDS[tensor.dtype]
    values: list[Any] = tensor.detach().flatten().tolist()
    if field == "half_val":
        # torch: the bits of the number as float32, where TensorFlow keeps those of the half.
        values = [struct.unpack("i", struct.pack("f", value))[0] for value in values]
    elif tensor.dtype.is_complex:
        values = [part for value in values for part in (value.real, value.imag)]
    fields = {"dtype": dtype, "tensor_shape": _shape(*tensor.shape), field: values}
    return _one(tag=tag, metadata=_plugin("tensor"), tensor=TensorProto(**fields))


def histogram_raw(
    name: str,
    min: float,
    max: float,
    num: int,
    sum: float,
    sum_squares: float,
    bucket_limits: Any,
    bucket_counts: Any,
) -> Summary:
    """A histogram that was counted elsewhere; limits are the upper ends of the buckets."""
    counted = HistogramProto(
        min=min,
        max=max,
        num=num,
        sum=sum,
        sum_squares=sum_squares,
        bucket_limit=bucket_limits,
        bucket=bucket_counts,
    )
    return _one(tag=name, histo=counted)


def histogram(name: str, values: Any, bins: Any, max_bins: int | None = None) -> Summary:
    """Counts values into ``bins`` (as for ``numpy.histogram``), merged to about ``max_bins``.

    Empty buckets at both ends are left out, but for one to the left of the first.
    Raises ValueError where there are no values.
    """
    numbers = as_array(values).astype(float).reshape(-1)
    if not numbers.size:
        raise ValueError("The input has no element.")
    counts, edges = np.histogram(numbers, bins=bins)
    if max_bins is not None and len(counts) > max_bins:
        together = len(counts) // max_bins
        edges = np.append(edges[:-1:together], edges[-1])
        # torch: up to `together` empty buckets complete the last group.
        counts = np.pad(counts, (0, -len(counts) % together)).reshape(-1, together).sum(1)
    filled = np.flatnonzero(counts)
    if not filled.size:
        raise ValueError("The histogram is empty, please file a bug report.")
    first, last = filled[0], filled[-1]
    # Bucket i ends at edges[i + 1]; the empty one before the first marks where that begins.
    return histogram_raw(
        name,
        numbers.min(),
        numbers.max(),
        len(numbers),
        numbers.sum(),
        numbers.dot(numbers),
        edges[first : last + 2].tolist(),
        [0, *counts[first : last + 1].tolist()],
    )


def image(tag: str, tensor: Any, rescale: float = 1, dataformats: str = "NCHW") -> Summary:
    """A picture, or a batch in one, of bytes or of numbers 0 ... 1."""
    return _picture(tag, as_bytes(as_hwc(as_array(tensor), dataformats)), rescale)


def image_boxes(
    tag: str,
    tensor_image: Any,
    tensor_boxes: Any,
    rescale: float = 1,
    dataformats: str = "CHW",
    labels: list[str] | None = None,
) -> Summary:
    """A picture with boxes (left, top, right, bottom) drawn on it."""
    pixels = as_bytes(as_hwc(as_array(tensor_image), dataformats))
    return _picture(tag, pixels, rescale, as_array(tensor_boxes), labels)


def _picture(tag: str, pixels: np.ndarray, *drawing: Any) -> Summary:
    height, width, channels = pixels.shape
    encoded = png(pixels, *drawing)
    picture = Summary.Image(
        height=height, width=width, colorspace=channels, encoded_image_string=encoded
    )
    return _one(tag=tag, image=picture)


def video(tag: str, tensor: Any, fps: float = 4) -> Summary:
    """Videos (N, T, C, H, W) side by side, as an animated GIF.  Needs Pillow."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("videos need the package Pillow: pip install Pillow") from None
    frames = video_frames(as_array(tensor))
    _, height, width, channels = frames.shape
    pictures = [Image.fromarray(frame[:, :, 0] if channels == 1 else frame) for frame in frames]
    file = io.BytesIO()
    pictures[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=1000 / fps,
        loop=0,
    )
    moving = Summary.Image(
        height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue()
    )
    return _one(tag=tag, image=moving)


def audio(tag: str, tensor: Any, sample_rate: int = 44100) -> Summary:
    """Sound of one channel, values -1 ... 1, as a WAV file of 16 bits."""
    samples = as_array(tensor).squeeze()
    if abs(samples).max() > 1:
        print("warning: audio amplitude out of range, auto clipped.")
        samples = samples.clip(-1, 1)
    if samples.ndim != 1:
        raise AssertionError("input tensor should be 1 dimensional.")
    samples = (samples * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(sample_rate)
        sound.writeframes(samples.tobytes())
    encoded = Summary.Audio(
        sample_rate=sample_rate,
        num_channels=1,
        length_frames=len(samples),
        encoded_audio_string=file.getvalue(),
        content_type="audio/wav",
    )
    return _one(tag=tag, audio=encoded)


def text(tag: str, text: str) -> Summary:
    """A text, which TensorBoard shows as Markdown."""
    proto = TensorProto(dtype="DT_STRING", string_val=[text.encode()], tensor_shape=_shape(1))
    metadata = _plugin("text", TextPluginData(version=0))
    return _one(tag=f"{tag}/text_summary", metadata=metadata, tensor=proto)


def custom_scalars(layout: dict[str, dict[str, list]]) -> Summary:
    """Charts of several scalars: {category: {chart: ["Multiline" or "Margin", tags]}}."""
    categories = []
    for category, charts in layout.items():
        contents = []
        for title, (kind, tags, *_) in charts.items():
            if kind == "Margin":
                if len(tags) != 3:
                    raise AssertionError("len(tags) != 3")
                series = dict(zip(("value", "lower", "upper"), tags, strict=True))
                margin = layout_pb2.MarginChartContent(
                    series=[layout_pb2.MarginChartContent.Series(**series)]
                )
                contents.append(layout_pb2.Chart(title=title, margin=margin))
            else:
                lines = layout_pb2.MultilineChartContent(tag=tags)
                contents.append(layout_pb2.Chart(title=title, multiline=lines))
        categories.append(layout_pb2.Category(title=category, chart=contents))
    described = layout_pb2.Layout(category=categories).SerializeToString()
    proto = TensorProto(dtype="DT_STRING", string_val=[described], tensor_shape=_shape())
    return _one(tag="custom_scalars__config__", tensor=proto, metadata=_plugin("custom_scalars"))


def pr_curve_raw(
    tag: str,
    tp: Any,
    fp: Any,
    tn: Any,
    fn: Any,
    precision: Any,
    recall: Any,
    num_thresholds: int = 127,
    weights: Any = None,
) -> Summary:
    """Precision and recall by threshold, with the four counts they come from."""
    table = np.stack([np.asarray(row) for row in (tp, fp, tn, fn, precision, recall)])
    proto = TensorProto(
        dtype="DT_FLOAT", float_val=table.reshape(-1).tolist(), tensor_shape=_shape(*table.shape)
    )
    # More than 127 thresholds do not fit the plugin's record.
    content = PrCurvePluginData(version=0, num_thresholds=min(num_thresholds, 127))
    return _one(tag=tag, metadata=_plugin("pr_curves", content), tensor=proto)


def pr_curve(
    tag: str, labels: Any, predictions: Any, num_thresholds: int = 127, weights: Any = None
) -> Summary:
    """Precision and recall by threshold, counted from labels 0 or 1 and predictions 0 ... 1."""
    thresholds = min(num_thresholds, 127)
    truth, guessed = as_array(labels).astype(float), as_array(predictions)
    weight = 1.0 if weights is None else weights
    buckets = np.floor(guessed * (thresholds - 1)).astype(np.int32)

    def at_least(weights):
        """For each threshold the weight of the predictions that reach it."""
        span = (0, thresholds - 1)
        counts, _ = np.histogram(buckets, bins=thresholds, range=span, weights=weights)
        return counts[::-1].cumsum()[::-1]

    tp, fp = at_least(truth * weight), at_least((1 - truth) * weight)
    tn, fn = fp[0] - fp, tp[0] - tp
    precision = tp / np.maximum(tp + fp, 1e-7)
    recall = tp / np.maximum(tp + fn, 1e-7)
    return pr_curve_raw(tag, tp, fp, tn, fn, precision, recall, thresholds)


def mesh(
    tag: str,
    vertices: Any,
    colors: Any = None,
    faces: Any = None,
    config_dict: dict | None = None,
    display_name: str | None = None,
    description: str | None = None,
) -> Summary:
    """Points in space, or triangles between them, with colours; each (batch, number, 3)."""
    from tensorboard.plugins.mesh import metadata
    from tensorboard.plugins.mesh.plugin_data_pb2 import MeshPluginData

    parts = [
        (np.asarray(part.detach() if isinstance(part, Tensor) else part), kind)
        for part, kind in (
            (vertices, MeshPluginData.VERTEX),
            (faces, MeshPluginData.FACE),
            (colors, MeshPluginData.COLOR),
        )
        if part is not None
    ]
    components = metadata.get_components_bitmask([kind for _, kind in parts])
    config = "{}" if config_dict is None else json.dumps(config_dict, sort_keys=True)
    values = []
    for part, kind in parts:
        described = metadata.create_summary_metadata(
            tag, display_name, kind, components, part.shape, description, json_config=config
        )
        proto = TensorProto(
            dtype="DT_FLOAT", float_val=part.reshape(-1).tolist(), tensor_shape=_shape(*part.shape)
        )
        name = metadata.get_instance_name(tag, kind)
        values.append(Summary.Value(tag=name, tensor=proto, metadata=described))
    return Summary(value=values)


def hparams(
    hparam_dict: dict[str, Any],
    metric_dict: dict[str, Any],
    hparam_domain_discrete: dict[str, list] | None = None,
) -> tuple[Summary, Summary, Summary]:
    """What the hparams plugin wants to know of a run: the experiment, its start and its end.

    Raises TypeError for what is no dict, ValueError for a hyperparameter of another type than int,
    float, str, bool and Tensor.  None is left out.
    """
    from google.protobuf.struct_pb2 import ListValue, Value
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.api_pb2 import (
        DataType,
        Experiment,
        HParamInfo,
        MetricInfo,
        MetricName,
        Status,
    )
    from tensorboard.plugins.hparams.plugin_data_pb2 import (
        HParamsPluginData,
        SessionEndInfo,
        SessionStartInfo,
    )

    choices = {} if hparam_domain_discrete is None else hparam_domain_discrete
    _check_hparams(hparam_dict, metric_dict, choices)
    start, infos = SessionStartInfo(), []
    for name, value in hparam_dict.items():
        if value is None:
            continue
        if isinstance(value, Tensor):
            value = float(as_array(value)[0])
        # torch: a bool is taken for the number it is.
        if isinstance(value, (int, float)):
            field, kind = "number_value", "DATA_TYPE_FLOAT64"
        elif isinstance(value, str):
            field, kind = "string_value", "DATA_TYPE_STRING"
        else:
            raise ValueError("value should be one of int, float, str, bool, or torch.Tensor")
        setattr(start.hparams[name], field, value)
        domain = None
        if name in choices:
            domain = ListValue(values=[Value(**{field: choice}) for choice in choices[name]])
        infos.append(HParamInfo(name=name, type=DataType.Value(kind), domain_discrete=domain))
    metrics = [MetricInfo(name=MetricName(tag=name)) for name in metric_dict]
    end = SessionEndInfo(status=Status.Value("STATUS_SUCCESS"))

    def record(tag, **content):
        data = HParamsPluginData(version=metadata.PLUGIN_DATA_VERSION, **content)
        return _one(tag=tag, metadata=_plugin(metadata.PLUGIN_NAME, data))

    experiment = Experiment(hparam_infos=infos, metric_infos=metrics)
    return (
        record(metadata.EXPERIMENT_TAG, experiment=experiment),
        record(metadata.SESSION_START_INFO_TAG, session_start_info=start),
        record(metadata.SESSION_END_INFO_TAG, session_end_info=end),
    )


def _check_hparams(hparam_dict: Any, metric_dict: Any, choices: Any) -> None:
    if not isinstance(hparam_dict, dict) or not isinstance(metric_dict, dict):
        raise TypeError("hparam_dict and metric_dict should be dictionary.")
    if not isinstance(choices, dict):
        raise TypeError("parameter: hparam_domain_discrete should be a dictionary, nothing logged.")
    for name, values in choices.items():
        if (
            name not in hparam_dict
            or not isinstance(values, list)
            or not all(isinstance(value, type(hparam_dict[name])) for value in values)
        ):
            raise TypeError(
                f"parameter: hparam_domain_discrete[{name}] should be a list of same type as "
                f"hparam_dict[{name}]."
            )
