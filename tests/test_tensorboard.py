"""Event files for TensorBoard: what its readers find in them, and that torch writes the same."""

import io
import os
import pathlib
import wave

import numpy as np
import pytest

import minitorch as mt

pytest.importorskip("tensorboard")
pytest.importorskip("PIL")

from PIL import Image  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import (  # noqa: E402
    EventAccumulator,
)
from tensorboard.backend.event_processing.event_file_loader import (  # noqa: E402
    RawEventFileLoader,
)
from tensorboard.compat.proto.event_pb2 import Event  # noqa: E402

from minitorch.utils.tensorboard import FileWriter, SummaryWriter  # noqa: E402
from minitorch.utils.tensorboard.writer import SummaryWriter as DeepSummaryWriter  # noqa: E402


def read(folder) -> EventAccumulator:
    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0, "images": 0})
    accumulator.Reload()
    return accumulator


def events(folder) -> dict[str, list[Event]]:
    """All events below a folder, by the path of their file's folder."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("events.out.*")):
        raw = RawEventFileLoader(str(path)).Load()
        place = path.parent.relative_to(folder).as_posix()
        found.setdefault(place, []).extend(Event.FromString(e) for e in raw)
    return found


# --- what TensorBoard reads -----------------------------------------------------------------------


def test_scalars_come_back_with_their_steps_and_times(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("loss", 0.5, 1, walltime=10.0)
        writer.add_scalar("loss", mt.tensor([[0.25]]), mt.tensor(2), walltime=11.0)
        writer.add_scalar("loss", np.float64(0.125), 3, walltime=12.0)
    found = read(tmp_path).Scalars("loss")
    assert [(e.wall_time, e.step, e.value) for e in found] == [
        (10.0, 1, 0.5),
        (11.0, 2, 0.25),
        (12.0, 3, 0.125),
    ]


def test_scalar_refuses_several_numbers(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        with pytest.raises(AssertionError, match="Tensor should contain one element"):
            writer.add_scalar("loss", mt.ones(2))
        with pytest.raises(NotImplementedError, match="numpy array or torch tensor are expected"):
            writer.add_scalar("loss", [1.0])


def test_new_style_scalars_are_tensors(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalar("single", 0.1, new_style=True)
        writer.add_scalar("double", 0.1, new_style=True, double_precision=True)
    found = read(tmp_path)
    assert found.Tensors("single")[0].tensor_proto.float_val[0] == np.float32(0.1)
    assert found.Tensors("double")[0].tensor_proto.double_val[0] == 0.1


def test_add_scalars_gives_each_curve_its_folder(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        for step in range(3):
            writer.add_scalars("a/b", {"sin": step, "cos": -step}, step)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ["a_b_cos", "a_b_sin"]
    assert [e.value for e in read(tmp_path / "a_b_cos").Scalars("a/b")] == [0, -1, -2]


def test_the_buckets_of_a_histogram_hold_all_values(tmp_path):
    values = np.array([-2.0, 0.0, 0.5, 0.5, 3.0])
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram("grown", mt.from_numpy(values), 4)
        writer.add_histogram("even", values, 4, bins=8, max_bins=4)
    for name in ("grown", "even"):
        histogram = read(tmp_path).Histograms(name)[0].histogram_value
        assert (histogram.min, histogram.max, histogram.num) == (-2.0, 3.0, 5)
        assert (histogram.sum, histogram.sum_squares) == (2.0, 13.5)
        edges, counts = np.array(histogram.bucket_limit), np.array(histogram.bucket)
        assert counts.sum() == 5
        assert counts[0] == 0 and len(edges) == len(counts)
        assert edges[0] <= -2.0 and edges[-1] >= 3.0
    assert counts.tolist() == [0, 1, 1, 2, 1]  # [-2, -0.75), [-0.75, 0.5), [0.5, 1.75), [1.75, 3]
    with SummaryWriter(tmp_path) as writer, pytest.raises(ValueError, match="no element"):
        writer.add_histogram("none", mt.ones(0))


def test_raw_histograms_are_checked(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram_raw("raw", 0, 2, 3, 3.0, 5.0, [1.0, 2.0], [1, 2], 7)
        with pytest.raises(ValueError, match="len"):
            writer.add_histogram_raw("raw", 0, 2, 3, 3.0, 5.0, [1.0, 2.0], [1])
    found = read(tmp_path).Histograms("raw")
    assert [e.step for e in found] == [7]
    assert found[0].histogram_value.bucket == [1, 2]


def picture(folder, tag) -> np.ndarray:
    """The picture that an event file holds, (height, width, channels)."""
    (event,) = read(folder).Images(tag)
    pixels = np.asarray(Image.open(io.BytesIO(event.encoded_image_string)))
    assert (event.height, event.width) == pixels.shape[:2]
    return pixels


def test_pictures_of_every_layout(tmp_path):
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 10  # (H, W, C)
    layouts = {
        "CHW": pixels.transpose(2, 0, 1),
        "HWC": pixels,
        "WHC": pixels.transpose(1, 0, 2),
    }
    with SummaryWriter(tmp_path) as writer:
        for layout, image in layouts.items():
            writer.add_image(layout, image, dataformats=layout)
        writer.add_image("HW", pixels[:, :, 0], dataformats="HW")
        writer.add_image("1HW", mt.from_numpy(pixels[None, :, :, 0].copy()))
        writer.add_image("floats", mt.tensor([0.0, 0.5, 2.0]).expand(3, 1, 3))
        with pytest.raises(AssertionError, match="same dimension shorthand twice"):
            writer.add_image("bad", pixels, dataformats="CCW")
        with pytest.raises(AssertionError, match="size of input tensor and input format"):
            writer.add_image("bad", pixels, dataformats="HW")
    for layout in layouts:
        assert np.array_equal(picture(tmp_path, layout), pixels)
    for tag in ("HW", "1HW"):
        assert np.array_equal(picture(tmp_path, tag), pixels[:, :, :1].repeat(3, 2))
    assert picture(tmp_path, "floats")[0, :, 0].tolist() == [0, 127, 255]


def test_many_pictures_stand_in_rows_of_eight(tmp_path):
    images = mt.arange(10).to(mt.uint8).reshape(10, 1, 1, 1).expand(10, 1, 2, 2)
    with SummaryWriter(tmp_path) as writer:
        writer.add_images("grid", images)
    grid = picture(tmp_path, "grid")
    assert grid.shape == (4, 16, 3)
    assert grid[::2, ::2, 0].tolist() == [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 0, 0, 0, 0, 0, 0]]


def test_boxes_are_drawn_in_red(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        boxes = mt.tensor([[2, 2, 8, 8]])
        writer.add_image_with_boxes("boxes", mt.zeros(3, 10, 12), boxes, 1)
    pixels = picture(tmp_path, "boxes")
    assert pixels[2, 5].tolist() == [255, 0, 0]
    assert pixels[5, 5].tolist() == [0, 0, 0]


def test_figures_are_rendered_and_closed(tmp_path):
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    figures = [pyplot.figure(figsize=(2, 1), dpi=50) for _ in range(2)]
    with SummaryWriter(tmp_path) as writer:
        writer.add_figure("open", figures[0], close=False)
        assert pyplot.get_fignums()
        writer.add_figure("one", figures[0])
        writer.add_figure("both", figures)
    assert not pyplot.get_fignums()
    assert picture(tmp_path, "one").shape == (50, 100, 3)
    assert picture(tmp_path, "both").shape == (50, 200, 3)


def test_video_is_an_animated_gif(tmp_path):
    video = np.zeros((3, 5, 3, 4, 6), np.uint8)
    video[:, 2:] = 200
    with SummaryWriter(tmp_path) as writer:
        writer.add_video("moving", video, fps=10)
    (event,) = read(tmp_path).Images("moving")
    gif = Image.open(io.BytesIO(event.encoded_image_string))
    assert gif.size == (24, 4)  # three videos and a black one
    durations = []
    for frame in range(gif.n_frames):
        gif.seek(frame)
        durations.append(gif.info["duration"])
    assert sum(durations) == 500


def test_audio_is_a_wav_file(tmp_path, capsys):
    with SummaryWriter(tmp_path) as writer:
        writer.add_audio("sound", mt.tensor([[0.0, 0.5, -1.0]]), 1, sample_rate=8000)
        writer.add_audio("loud", mt.tensor([0.0, 2.0]), 1)
    assert "clipped" in capsys.readouterr().out
    (event,) = read(tmp_path).Audio("sound")
    with wave.open(io.BytesIO(event.encoded_audio_string)) as sound:
        assert sound.getframerate() == 8000
        frames = np.frombuffer(sound.readframes(3), "<i2")
    assert frames.tolist() == [0, 16383, -32767]


def test_text_and_tensors(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_text("note", "größer *als* 0", 3)
        writer.add_tensor("whole", mt.tensor([[1, 2]]), 4)
    found = read(tmp_path)
    (note,) = found.Tensors("note/text_summary")
    assert note.tensor_proto.string_val == ["größer *als* 0".encode()]
    (whole,) = found.Tensors("whole")
    assert (whole.step, whole.tensor_proto.int64_val) == (4, [1, 2])
    assert [dim.size for dim in whole.tensor_proto.tensor_shape.dim] == [1, 2]


def test_precision_and_recall(tmp_path):
    labels, guesses = mt.tensor([1, 1, 0, 0]), mt.tensor([0.9, 0.4, 0.6, 0.1])
    with SummaryWriter(tmp_path) as writer:
        writer.add_pr_curve("pr", labels, guesses, num_thresholds=3)
    (event,) = read(tmp_path).Tensors("pr")
    # Thresholds 0, 1/2 and 1: the guesses fall into the first two.
    tp, fp, tn, fn, precision, recall = np.array(event.tensor_proto.float_val).reshape(6, 3)
    assert tp.tolist() == [2, 1, 0] and fp.tolist() == [2, 1, 0]
    assert tn.tolist() == [0, 1, 2] and fn.tolist() == [0, 1, 2]
    assert precision.tolist() == [0.5, 0.5, 0] and recall.tolist() == [1, 0.5, 0]


def test_hparams_make_a_run_of_their_own(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        writer.add_hparams({"lr": 0.1, "net": "mlp"}, {"accuracy": 0.9}, run_name="first")
        with pytest.raises(TypeError, match="should be dictionary"):
            writer.add_hparams([], {})
        with pytest.raises(ValueError, match="value should be one of"):
            writer.add_hparams({"layers": [1, 2]}, {})
        with pytest.raises(TypeError, match=r"hparam_domain_discrete\[lr\]"):
            writer.add_hparams({"lr": 0.1}, {}, {"lr": ["low"]})
    found = read(tmp_path / "first")
    assert found.Scalars("accuracy")[0].value == np.float32(0.9)
    assert set(found.PluginTagToContent("hparams")) == {
        "_hparams_/experiment",
        "_hparams_/session_start_info",
        "_hparams_/session_end_info",
    }


def test_embeddings_write_the_projectors_files(tmp_path, capsys):
    with SummaryWriter(tmp_path) as writer:
        writer.add_embedding(mt.eye(3), ["a", "b", "c"], mt.rand(3, 3, 4, 4), tag="x/y")
        rows = [[i, i * i] for i in range(3)]
        writer.add_embedding(np.eye(3), rows, global_step=12, metadata_header=["n", "square"])
        with pytest.raises(AssertionError, match="#labels"):
            writer.add_embedding(mt.eye(3), ["a"])
        assert "Embedding dir exists" not in capsys.readouterr().out
        writer.add_embedding(mt.eye(3), tag="x/y")
        assert "Embedding dir exists" in capsys.readouterr().out
    assert (tmp_path / "00000/x%2fy/metadata.tsv").read_text() == "a\nb\nc\n"
    assert (tmp_path / "00012/default/metadata.tsv").read_text().startswith("n\tsquare\n0\t0\n")
    points = (tmp_path / "00000/x%2fy/tensors.tsv").read_text()
    assert points == "1.0\t0.0\t0.0\n0.0\t1.0\t0.0\n0.0\t0.0\t1.0\n"
    with Image.open(tmp_path / "00000/x%2fy/sprite.png") as sprite:
        assert sprite.size == (8, 8)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert config.count("embeddings {") == 3
    assert 'tensor_name: "default:00012"' in config


def test_margin_charts_take_three_tags(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        with pytest.raises(AssertionError, match="3"):
            writer.add_custom_scalars_marginchart(["a"])
        writer.add_custom_scalars_multilinechart(["a", "b"], "mine", "both")
    assert "custom_scalars__config__" in read(tmp_path).Tags()["tensors"]


# --- files and folders ----------------------------------------------------------------------------


def test_default_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    writer = SummaryWriter(comment="_lr0.1")
    writer.close()
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("_lr0.1")
    assert writer.get_logdir() == os.path.join("runs", folder.name)


def test_writer_goes_on_after_close(tmp_path):
    writer = SummaryWriter(tmp_path, filename_suffix=".mine")
    writer.add_scalar("a", 1)
    writer.close()
    writer.close()
    writer.flush()
    writer.add_scalar("b", 2)
    writer.close()
    assert len(list(tmp_path.glob("events.out.*.mine"))) == 2
    assert set(read(tmp_path).Tags()["scalars"]) == {"a", "b"}


def test_purge_step_hides_what_an_interrupted_run_wrote(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        for step in range(6):
            writer.add_scalar("loss", step, step)
    with SummaryWriter(tmp_path, purge_step=3, filename_suffix=".z") as writer:
        for step in range(3, 5):
            writer.add_scalar("loss", -step, step)
    assert [e.value for e in read(tmp_path).Scalars("loss")] == [0, 1, 2, -3, -4]


def test_flush_writes_what_waits(tmp_path):
    writer = SummaryWriter(tmp_path)
    writer.add_scalar("a", 1)
    writer.flush()
    assert read(tmp_path).Tags()["scalars"] == ["a"]
    writer.close()


def test_file_writer_alone(tmp_path):
    from tensorboard.compat.proto.summary_pb2 import Summary

    writer = FileWriter(tmp_path)
    writer.add_summary(Summary(value=[Summary.Value(tag="a", simple_value=2.0)]), 5)
    writer.close()
    assert writer.get_logdir() == str(tmp_path)
    assert [(e.step, e.value) for e in read(tmp_path).Scalars("a")] == [(5, 2.0)]
    assert DeepSummaryWriter is SummaryWriter


# --- graphs ---------------------------------------------------------------------------------------


class Net(mt.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = mt.nn.Embedding(10, 3)
        self.first = mt.nn.Linear(3, 4)
        self.rest = mt.nn.Sequential(mt.nn.ReLU(), mt.nn.Dropout(), mt.nn.Linear(4, 2))
        self.rest[2].requires_grad_(False)

    def forward(self, x, word):
        hidden = self.first(x) + self.first(self.words(word))
        return self.rest(hidden), hidden.mean()


def graph(folder, model, inputs, **options):
    with SummaryWriter(folder) as writer:
        writer.add_graph(model, inputs, **options)
    accumulator = read(folder)
    assert accumulator.Tags()["run_metadata"] == ["step1"]
    return {node.name: node for node in accumulator.Graph().node}


def test_graph_has_the_modules_parameters_and_operations(tmp_path):
    model = Net()
    mt.manual_seed(0)
    expected = mt.rand(5, 3), mt.rand(1)
    mt.manual_seed(0)
    nodes = graph(tmp_path, model, (mt.rand(5, 3), mt.tensor([1, 2, 3, 4, 5])))
    paths = {
        "input/x",
        "input/word",
        "output/output.1",
        "output/output.2",
        "Net/Embedding[words]/weight",
        "Net/Linear[first]/weight",
        "Net/Linear[first]/bias",
        "Net/Sequential[rest]/Linear[2]/weight",
        "Net/Sequential[rest]/Linear[2]/bias",
        "Net/Sequential[rest]/ReLU[0]/Relu",
        "Net/Add",
        "Net/Mean",
    }
    assert paths <= set(nodes)
    known = {name.partition(":")[0] for node in nodes.values() for name in node.input}
    assert known <= set(nodes)
    # Everything leads to an output.
    assert set(nodes) - known == {"output/output.1", "output/output.2"}
    sources = [s for node in nodes.values() if "Embedding" in node.name for s in node.input]
    assert sorted(sources) == ["Net/Embedding[words]/weight", "input/word"]
    shape = nodes["Net/Sequential[rest]/ReLU[0]/Relu"].attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [5, 4]
    # The model is as it was: its mode, its frozen parameters, its hooks, and nothing was drawn.
    assert model.training and model.rest[1].training
    assert not model.rest[2].weight.requires_grad
    assert not model._forward_hooks and not model.rest._forward_pre_hooks
    assert mt.equal(mt.rand(1), expected[1])


def test_graph_of_a_module_that_writes_to_its_input(tmp_path):
    model = mt.nn.Sequential(mt.nn.ReLU(inplace=True), mt.nn.Flatten(), mt.nn.Linear(4, 1))
    x = mt.full((2, 2, 2), -1.0)
    nodes = graph(tmp_path, model, x)
    assert {"input/input", "Sequential/Linear[2]/weight"} <= set(nodes)
    assert mt.equal(x, mt.full((2, 2, 2), -1.0))


def test_graph_is_printed_if_asked(tmp_path, capsys):
    graph(tmp_path, mt.nn.Linear(2, 3), mt.rand(1, 2), verbose=True)
    assert "Linear/weight = Parameter()" in capsys.readouterr().out


def test_a_model_that_fails_is_left_as_it_was(tmp_path):
    model = Net()
    with SummaryWriter(tmp_path) as writer, pytest.raises(RuntimeError):
        writer.add_graph(model, (mt.rand(5, 7), mt.tensor([1])))
    assert model.training and not model.rest[2].weight.requires_grad
    assert not model._forward_hooks
    with SummaryWriter(tmp_path) as writer, pytest.raises(NotImplementedError, match="ONNX"):
        writer.add_onnx_graph("model.onnx")


# --- beside torch ---------------------------------------------------------------------------------


def everything(library, writer, folder):
    """One call of every kind, with the same numbers in either library."""
    draw = np.random.default_rng(0)

    def numbers(*shape):
        return library.from_numpy(draw.random(shape, np.float32))

    writer.add_scalar("scalar", 0.1, 1, 5.0)
    writer.add_scalar("tensor", numbers(1), 2, 5.0)
    writer.add_scalar("new", 0.1, 2, 5.0, new_style=True)
    writer.add_scalar("double", 0.1, 2, 5.0, new_style=True, double_precision=True)
    writer.add_scalars("main/tag", {"a": 1, "b": numbers(1)}, 3, 5.0)
    for dtype in ("float16", "bfloat16", "float64", "int8", "uint8", "int16", "int32", "bool"):
        if dtype != "bfloat16":
            values = (numbers(2, 3) * 5).to(getattr(library, dtype))
            writer.add_tensor(dtype, values, 4, 5.0)
    writer.add_tensor("complex64", library.complex(numbers(2), numbers(2)), 4, 5.0)
    values = numbers(1000) - 0.5
    writer.add_histogram("histogram", values, 1, walltime=5.0)
    for bins in (10, "auto", "fd", "sqrt"):
        writer.add_histogram(f"bins/{bins}", values, 1, bins, 5.0)
    for max_bins in (7, 100):
        writer.add_histogram(f"merged/{max_bins}", values, 1, 64, 5.0, max_bins)
    writer.add_histogram("constant", library.zeros(3), 1, walltime=5.0)
    writer.add_histogram("integers", library.arange(9), 1, walltime=5.0)
    writer.add_histogram_raw("raw", 0, 2, 3, 3.0, 5.0, [1.0, 2.0], [1, 2], 7, 5.0)
    writer.add_image("image", numbers(3, 5, 7) * 1.5 - 0.2, 1, 5.0)
    writer.add_image("rgba", numbers(4, 5, 7), 1, 5.0)
    writer.add_image("bytes", (numbers(5, 7) * 255).to(library.uint8), 1, 5.0, "HW")
    writer.add_images("images", numbers(11, 1, 5, 7), 1, 5.0)
    writer.add_images("nhwc", numbers(3, 5, 7, 3), 1, 5.0, "NHWC")
    boxes = numbers(2, 4) * 10 + library.tensor([0, 0, 20, 20])
    for labels in (None, ["dog", "cat"], ["too few"]):
        writer.add_image_with_boxes(
            f"boxes/{labels}", numbers(3, 40, 60), boxes, 1, 5.0, 2, labels=labels
        )
    writer.add_audio("audio", numbers(1, 100) * 3 - 1.5, 1, 8000, 5.0)
    writer.add_text("text", "ünder", 1, 5.0)
    labels = (numbers(50) > 0.5).to(library.int64)
    writer.add_pr_curve("pr", labels, numbers(50), 1, walltime=5.0)
    writer.add_pr_curve("weighted", labels, numbers(50), 1, 20, numbers(50).numpy(), 5.0)
    writer.add_pr_curve_raw("pr_raw", *numbers(6, 4).numpy(), 1, 4, None, 5.0)
    config = {"camera": {"cls": "PerspectiveCamera"}}
    faces = library.tensor([[[0, 1, 2]]])
    writer.add_mesh("mesh", numbers(1, 3, 3), numbers(1, 3, 3), faces, config, 1, 5.0)
    writer.add_mesh("points", numbers(2, 3, 3), global_step=1, walltime=5.0)
    layout = {"one": {"a": ["Multiline", ["x", "y"]], "b": ["Margin", ["x", "y", "z"]]}}
    writer.add_custom_scalars(layout)
    hparams = {"lr": 0.1, "n": 3, "net": "mlp", "fast": True, "none": None, "t": numbers(1)}
    writer.add_hparams(
        hparams, {"accuracy": 0.5}, {"lr": [0.1, 0.2], "net": ["a"]}, "trial", global_step=2
    )
    images = numbers(7, 3, 4, 6)
    writer.add_embedding(numbers(7, 3), list("abcdefg"), images, 3, "tag/%")
    writer.add_embedding(numbers(2, 3), [["a", 1], ["b", 2]], metadata_header=["name", "number"])


@pytest.mark.compare
def test_files_are_those_that_torch_writes(tmp_path, monkeypatch, capsys):
    torch = pytest.importorskip("torch")
    from torch.utils.tensorboard import SummaryWriter as TorchWriter

    monkeypatch.setattr("time.time", lambda: 5.0)
    folders = {}
    for name, library, kind in (("mt", mt, SummaryWriter), ("torch", torch, TorchWriter)):
        folders[name] = tmp_path / name
        with kind(folders[name], purge_step=2, filename_suffix=".x") as writer:
            everything(library, writer, folders[name])
    ours, theirs = events(folders["mt"]), events(folders["torch"])
    assert list(ours) == list(theirs) == [".", "main_tag_a", "main_tag_b", "trial"]
    for place, expected in theirs.items():
        assert len(ours[place]) == len(expected)
        for mine, event in zip(ours[place], expected, strict=True):
            tags = [value.tag for value in event.summary.value]
            mine.source_metadata.Clear()
            event.source_metadata.Clear()
            assert mine == event, tags
    for path in folders["torch"].rglob("*"):
        if path.is_file() and "events" not in path.name:
            same = folders["mt"] / path.relative_to(folders["torch"])
            assert same.read_bytes() == path.read_bytes(), path.name


@pytest.mark.compare
def test_figures_are_those_that_torch_writes(tmp_path):
    pytest.importorskip("torch")
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from torch.utils.tensorboard import SummaryWriter as TorchWriter

    for kind, name in ((SummaryWriter, "mt"), (TorchWriter, "torch")):
        figure, axes = pyplot.subplots(figsize=(2, 1))
        axes.plot([1, 3, 2])
        with kind(tmp_path / name) as writer:
            writer.add_figure("figure", figure)
    ours, theirs = (read(tmp_path / name).Images("figure")[0] for name in ("mt", "torch"))
    assert ours.encoded_image_string == theirs.encoded_image_string
