"""vision.ops: boxes, regions and building blocks."""

import importlib
import itertools
import math
import sys

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.vision import ops

BOXES = mt.tensor(
    [[0.0, 0.0, 10.0, 10.0], [1.0, 1.0, 11.0, 11.0], [20.0, 20.0, 30.0, 40.0], [0.0, 0.0, 5.0, 5.0]]
)

# --- boxes ----------------------------------------------------------------------------------------


def test_areas_and_overlaps():
    assert ops.box_area(BOXES).tolist() == [100, 100, 200, 25]
    iou = ops.box_iou(BOXES, BOXES)
    assert np.allclose(iou.diagonal(), 1)
    assert math.isclose(iou[0, 1].item(), 81 / 119, rel_tol=1e-6)
    assert iou[0, 2] == 0 and iou[0, 3] == 0.25
    giou = ops.generalized_box_iou(BOXES[:1], BOXES[2:3])
    assert math.isclose(giou.item(), -(30 * 40 - 300) / (30 * 40), rel_tol=1e-6)
    bytes_ = BOXES.to(mt.uint8) * 6
    assert ops.box_area(bytes_).tolist() == [3600, 3600, 7200, 900]  # would overflow
    with pytest.raises(ValueError, match="Unsupported Bounding Box area"):
        ops.box_area(BOXES, fmt="xywhr")
    with pytest.raises(ValueError, match="Unsupported format 'abc'"):
        ops.box_iou(BOXES, BOXES, fmt="abc")
    with pytest.raises(NotImplementedError):
        ops.box_iou(BOXES, BOXES, fmt="xywhr")


def test_conversions_go_there_and_back():
    assert ops.box_convert(BOXES[2], "xyxy", "cxcywh").tolist() == [25, 30, 10, 20]
    assert ops.box_convert(BOXES[2], "xyxy", "xywh").tolist() == [20, 20, 10, 20]
    for forms in (("xyxy", "xywh", "cxcywh"), ("xywhr", "cxcywhr", "xyxyxyxy")):
        boxes = BOXES if forms[0] == "xyxy" else mt.cat([BOXES + 1, mt.full((4, 1), 30.0)], 1)
        for there in forms:
            for back in forms:
                converted = ops.box_convert(boxes, forms[0], there)
                other = ops.box_convert(converted, there, back)
                again = ops.box_convert(other, back, forms[0])
                assert np.allclose(again, boxes, atol=1e-4)
    copy = ops.box_convert(BOXES, "xyxy", "xyxy")
    assert copy is not BOXES and mt.equal(copy, BOXES)
    with pytest.raises(ValueError, match="Unsupported Bounding Box Conversions"):
        ops.box_convert(BOXES, "xyxy", "yxyx")
    with pytest.raises(NotImplementedError):
        ops.box_convert(BOXES, "xyxy", "xywhr")


def test_suppression_keeps_the_best_of_those_that_overlap():
    scores = mt.tensor([0.5, 0.9, 0.3, 0.6])
    assert ops.nms(BOXES, scores, 0.5).tolist() == [1, 3, 2]
    assert ops.nms(BOXES, scores, 0.1).tolist() == [1, 2]
    assert ops.nms(BOXES, scores, 1.0).tolist() == [1, 3, 0, 2]
    assert ops.nms(BOXES[:2], mt.ones(2), 0.5).tolist() == [0]  # of equals the first
    categories = mt.tensor([0, 1, 0, 0])
    assert ops.batched_nms(BOXES, scores, categories, 0.2).tolist() == [1, 3, 2]
    assert ops.batched_nms(BOXES[:0], scores[:0], categories[:0], 0.2).shape == (0,)
    assert ops.nms(mt.zeros(0, 4), mt.zeros(0), 0.5).tolist() == []
    for boxes, values, message in (
        (BOXES[0], scores, "2d tensor, got 1D"),
        (BOXES[:, :3], scores, "4 elements in dimension 1, got 3"),
        (BOXES, scores[None], "1d tensor, got 2D"),
        (BOXES, scores[:2], "got 4 and 2"),
    ):
        with pytest.raises(RuntimeError, match=message):
            ops.nms(boxes, values, 0.5)


def test_boxes_at_the_edge():
    clipped = ops.clip_boxes_to_image(BOXES, (8, 25))
    assert clipped[1].tolist() == [1, 1, 11, 8]
    assert clipped[2].tolist() == [20, 8, 25, 8]
    assert ops.remove_small_boxes(clipped, 1).tolist() == [0, 1, 3]
    masks = mt.zeros(3, 5, 6)
    masks[0, 1:3, 2:5] = 1
    masks[2, 4, 0] = 7
    assert ops.masks_to_boxes(masks).tolist() == [[2, 1, 4, 2], [0, 0, 0, 0], [0, 4, 0, 4]]
    assert ops.masks_to_boxes(mt.zeros(0, 5, 6)).shape == (0, 4)


def test_losses_vanish_where_the_boxes_agree():
    for loss in (
        ops.generalized_box_iou_loss,
        ops.distance_box_iou_loss,
        ops.complete_box_iou_loss,
    ):
        assert loss(BOXES, BOXES).abs().max() < 1e-5
        moved = (BOXES + 100).requires_grad_()
        value = loss(moved, BOXES, reduction="mean")
        value.backward()
        assert value > 1
        # Those that do not meet are drawn together (GIoU: by the box around both).
        assert (moved.grad.sum(1) > 0).all()
        assert loss(BOXES, BOXES + 1, "sum") > 0
        assert loss(BOXES[:0], BOXES[:0], "mean") == 0
        with pytest.raises(ValueError, match="Invalid Value for arg 'reduction'"):
            loss(BOXES, BOXES, "median")


def test_focal_loss():
    logits, truth = mt.tensor([0.0, 2.0, -3.0]), mt.tensor([1.0, 1.0, 0.0])
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    assert np.allclose(ops.sigmoid_focal_loss(logits, truth, alpha=-1, gamma=0), entropy)
    weighed = ops.sigmoid_focal_loss(logits, truth, alpha=0.25, gamma=2)
    assert np.allclose(weighed[0], 0.25 * 0.25 * entropy[0])
    with pytest.raises(ValueError, match="Invalid alpha value: 2"):
        ops.sigmoid_focal_loss(logits, truth, alpha=2)


# --- regions --------------------------------------------------------------------------------------


def test_pooling_a_region():
    x = mt.arange(36.0).reshape(1, 1, 6, 6).requires_grad_()
    out = ops.roi_pool(x, [mt.tensor([[0.0, 0.0, 3.0, 3.0]])], 2)
    assert out.tolist() == [[[[7, 9], [19, 21]]]]
    out.sum().backward()
    assert x.grad.nonzero()[:, 2:].tolist() == [[1, 1], [1, 3], [3, 1], [3, 3]]
    halved = ops.RoIPool((1, 2), 0.5)(x, mt.tensor([[0.0, 0.0, 0.0, 6.0, 6.0]]))
    assert halved.tolist() == [[[[19, 21]]]]
    outside = ops.roi_pool(x, [mt.tensor([[10.0, 10.0, 12.0, 12.0]])], 2)
    assert outside.tolist() == [[[[0, 0], [0, 0]]]]
    assert ops.roi_pool(x, [mt.zeros(0, 4)], 2).shape == (0, 1, 2, 2)
    assert repr(ops.RoIPool(2, 0.5)) == "RoIPool(output_size=2, spatial_scale=0.5)"


def test_aligning_a_region():
    rows = mt.arange(8.0)[:, None].expand(8, 8)[None, None].clone().requires_grad_()
    # The values rise by one per row: the mean of a cell is where its middle is.
    out = ops.roi_align(rows, [mt.tensor([[1.0, 1.0, 5.0, 5.0]])], 2, aligned=True)
    assert np.allclose(out.detach(), [[[[1.5, 1.5], [3.5, 3.5]]]])
    out.sum().backward()
    assert math.isclose(rows.grad.sum().item(), 4, rel_tol=1e-5)  # the weights of a cell sum to 1
    shifted = ops.roi_align(rows, [mt.tensor([[1.0, 1.0, 5.0, 5.0]])], 2)
    assert np.allclose(shifted.detach(), out.detach() + 0.5)
    empty = ops.roi_align(rows, [mt.tensor([[2.0, 2.0, 2.0, 2.0]])], 2, aligned=True)
    assert empty.abs().sum() == 0
    # Values are taken up to one pixel beyond the edge, and no further.
    edge = ops.roi_align(rows + 1, [mt.tensor([[0.0, -2.0, 4.0, 2.0]])], (4, 1), 1.0, 1)
    assert np.allclose(edge.detach().flatten(), [0, 1, 1.5, 2.5])
    with pytest.raises(AssertionError, match=r"Tensor\[K, 5\]"):
        ops.roi_align(rows, mt.zeros(2, 4), 2)
    with pytest.raises(AssertionError, match=r"List\[Tensor\[L, 4\]\]"):
        ops.roi_pool(rows, [mt.zeros(2, 5)], 2)


def test_large_boxes_are_taken_from_coarse_features():
    features = {
        "fine": mt.rand(2, 3, 32, 32),
        "unused": mt.rand(2, 3, 4, 4),
        "coarse": mt.rand(2, 3, 16, 16),
    }
    pool = ops.MultiScaleRoIAlign(["fine", "coarse"], 2, 2, canonical_scale=40, canonical_level=3)
    small, large = mt.tensor([[4.0, 4.0, 12.0, 12.0]]), mt.tensor([[0.0, 0.0, 60.0, 50.0]])
    out = pool(features, [mt.cat([large, small]), small], [(64, 64), (60, 50)])
    assert pool.scales == [0.5, 0.25]
    fine = ops.roi_align(features["fine"], [small, small], 2, 0.5, 2)
    coarse = ops.roi_align(features["coarse"], [large], 2, 0.25, 2)
    assert mt.equal(out, mt.cat([coarse, fine]))
    single = ops.MultiScaleRoIAlign(["fine"], (2, 2), 2)
    assert mt.equal(single(features, [small, small], [(64, 64)] * 2), fine)
    assert repr(single) == (
        "MultiScaleRoIAlign(featmap_names=['fine'], output_size=(2, 2), sampling_ratio=2)"
    )
    with pytest.raises(ValueError, match="images list should not be empty"):
        ops.MultiScaleRoIAlign(["fine"], 2, 2)(features, [small, small], [])


def test_pyramids():
    from minitorch.vision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

    x = {"a": mt.rand(1, 2, 8, 8), "b": mt.rand(1, 4, 4, 4)}
    pyramid = ops.FeaturePyramidNetwork([2, 4], 3, LastLevelMaxPool())
    out = pyramid(x)
    assert {name: tuple(value.shape) for name, value in out.items()} == {
        "a": (1, 3, 8, 8),
        "b": (1, 3, 4, 4),
        "pool": (1, 3, 2, 2),
    }
    coarse = pyramid.inner_blocks[1](x["b"])
    enlarged = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert np.allclose(
        out["a"].detach(),
        pyramid.layer_blocks[0](pyramid.inner_blocks[0](x["a"]) + enlarged).detach(),
        atol=1e-6,
    )
    old = {name.replace(".0.", "."): value for name, value in pyramid.state_dict().items()}
    old = {name.replace("blocks.weight", "blocks.0.weight"): v for name, v in old.items()}
    old = {name.replace("blocks.bias", "blocks.0.bias"): v for name, v in old.items()}
    pyramid.load_state_dict(old)  # the names of version 1
    assert list(ops.FeaturePyramidNetwork([2, 4], 3, LastLevelP6P7(4, 3))(x)) == [
        "a",
        "b",
        "p6",
        "p7",
    ]
    with pytest.raises(ValueError, match="in_channels=0"):
        ops.FeaturePyramidNetwork([0], 3)
    with pytest.raises(TypeError, match="ExtraFPNBlock"):
        ops.FeaturePyramidNetwork([1], 3, nn.ReLU())


# --- building blocks ------------------------------------------------------------------------------


def test_convolution_with_norm_and_activation():
    layers = ops.Conv2dNormActivation(3, 4, (3, 5), dilation=2, norm_layer=None, inplace=None)
    assert layers[0].padding == (2, 4) and layers[0].bias is not None
    assert layers(mt.rand(1, 3, 9, 9)).shape == (1, 4, 9, 9)
    assert repr(layers[1]) == "ReLU()" and layers.out_channels == 4
    cube = ops.Conv3dNormActivation(1, 2, activation_layer=None)
    assert len(cube) == 2 and cube(mt.rand(2, 1, 4, 4, 4)).shape == (2, 2, 4, 4, 4)
    from minitorch.vision.ops.misc import ConvNormActivation

    with pytest.warns(UserWarning, match="Don't use ConvNormActivation directly"):
        ConvNormActivation(1, 1)


def test_frozen_normalization_loads_a_live_one():
    live = nn.BatchNorm2d(3).eval()
    live.running_mean.copy_(mt.rand(3))
    live.running_var.copy_(mt.rand(3) + 0.5)
    live.weight.data.copy_(mt.rand(3))
    frozen = ops.FrozenBatchNorm2d(3)
    frozen.load_state_dict(live.state_dict())
    x = mt.rand(2, 3, 4, 4)
    assert np.allclose(frozen(x), live(x).detach(), atol=1e-6)
    assert not list(frozen.parameters())
    assert repr(frozen) == "FrozenBatchNorm2d(3, eps=1e-05)"


def test_layers_that_are_left_out_at_random():
    mt.manual_seed(0)
    x = mt.ones(64, 2, 3)
    kept = ops.stochastic_depth(x, 0.25, "row")
    rows = kept.flatten(1)
    assert (rows == rows[:, :1]).all()  # a row stays or goes as a whole
    assert set(rows[:, 0].tolist()) == {0.0, np.float32(4 / 3)}
    assert ops.stochastic_depth(x, 1.0, "batch").sum() == 0
    module = ops.StochasticDepth(0.5, "batch").eval()
    assert module(x) is x and repr(module) == "StochasticDepth(p=0.5, mode=batch)"
    with pytest.raises(ValueError, match="between 0 and 1, but got 2"):
        ops.stochastic_depth(x, 2, "row")
    with pytest.raises(ValueError, match="but got column"):
        ops.stochastic_depth(x, 0.1, "column")


def test_dropped_blocks_are_squares():
    mt.manual_seed(0)
    out = ops.drop_block2d(mt.ones(1, 1, 20, 20), 0.1, 3)
    holes = (out == 0).float()
    assert 0 < holes.sum() < 400
    # Eroding and dilating by the block's size changes nothing: the holes consist of squares.
    eroded = -nn.functional.max_pool2d(-nn.functional.pad(holes, [1] * 4), 3, 1)
    assert mt.equal(nn.functional.max_pool2d(eroded, 3, 1, 1), holes)
    assert math.isclose(out.sum().item(), 400, rel_tol=1e-5)
    x = mt.ones(1, 1, 4, 5, 5)
    assert ops.DropBlock3d(0.2, 3, inplace=True)(x) is x
    assert ops.DropBlock2d(0.2, 3).eval()(out) is out
    assert repr(ops.DropBlock2d(0.2, 3)) == "DropBlock2d(p=0.2, block_size=3, inplace=False)"
    for arguments, message in (
        ((x, 0.1, 3), "4 dimensional. Got 5"),
        ((out, 2.0, 3), "but got 2.0"),
        ((out, 0.1, 4), "Got 4 which is even"),
    ):
        with pytest.raises(ValueError, match=message):
            ops.drop_block2d(*arguments)


def test_permute_and_mlp():
    assert ops.Permute([1, 0])(mt.ones(2, 3)).shape == (3, 2)
    mlp = ops.MLP(4, [5, 6, 2], norm_layer=nn.LayerNorm, dropout=0.1)
    assert [type(layer).__name__ for layer in mlp] == [
        *["Linear", "LayerNorm", "ReLU", "Dropout"] * 2,
        "Linear",
        "Dropout",
    ]
    assert mlp(mt.rand(3, 4)).shape == (3, 2)


# --- beside formulas said another way -------------------------------------------------------------


def some_boxes(count, size=20, seed=0):
    corners = np.random.default_rng(seed).random((count, 4), np.float32) * size
    corners[:, 2:] = corners[:, :2] + corners[:, 2:] / 2 + 0.1
    return corners


def some_regions():
    features = np.random.default_rng(0).random((2, 3, 9, 11), np.float32)
    boxes = np.concatenate([np.array([[0], [1], [1], [0]], np.float32), some_boxes(4)], 1)
    boxes[3, 1:] = [-5, -3, 30, 8]  # beyond the edges
    return features, boxes


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7])
def test_suppression_by_the_definition(threshold):
    boxes = mt.from_numpy(some_boxes(60))
    scores = mt.rand(60, generator=mt.Generator().manual_seed(0))
    overlap = ops.box_iou(boxes, boxes)
    kept = []
    for i in scores.argsort(descending=True).tolist():
        if all(overlap[i, j] <= threshold for j in kept):
            kept.append(i)
    assert ops.nms(boxes, scores, threshold).tolist() == kept
    # Categories that are far apart do not see each other.
    categories = mt.arange(60) % 3
    apart = ops.nms(boxes + 1000.0 * categories[:, None], scores, threshold)
    assert ops.batched_nms(boxes, scores, categories, threshold).tolist() == apart.tolist()


def test_pooling_by_the_definition():
    features, boxes = some_regions()
    out = ops.roi_pool(mt.from_numpy(features), mt.from_numpy(boxes), (3, 2), 0.5)
    for region, (number, *corners) in zip(out, boxes, strict=True):
        left, top, right, bottom = (int(math.copysign(abs(c) * 0.5 + 0.5, c)) for c in corners)
        height, width = max(bottom - top + 1, 1) / 3, max(right - left + 1, 1) / 2
        for i in range(3):
            for j in range(2):
                inside = [
                    features[int(number), :, y, x]
                    for y in range(9)
                    for x in range(11)
                    if math.floor(i * height) <= y - top < math.ceil((i + 1) * height)
                    and math.floor(j * width) <= x - left < math.ceil((j + 1) * width)
                ]
                expected = np.max(inside, 0) if inside else np.zeros(3)
                assert np.array_equal(region[:, i, j], expected)


# --- beside torchvision ---------------------------------------------------------------------------


def both(call, *arrays, gradient=True):
    """The result of ``call(library, ops, *tensors)`` and the gradients, in both libraries."""
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torchvision").ops
    found = []
    for library, here in ((mt, ops), (torch, theirs)):
        tensors = [library.from_numpy(a.copy()) for a in arrays]
        if gradient:
            tensors[0].requires_grad_()
        library.manual_seed(3)
        out = call(library, here, *tensors)
        results = [out.detach().numpy()]
        if gradient:
            weights = library.arange(out.numel(), dtype=out.dtype).reshape(out.shape)
            (out * weights.cos()).sum().backward()
            results.append(tensors[0].grad.numpy())
        found.append(results)
    for mine, expected in zip(*found, strict=True):
        assert mine.dtype == expected.dtype and mine.shape == expected.shape
        assert np.allclose(mine, expected, rtol=1e-4, atol=1e-5), (mine, expected)


@pytest.mark.compare
@pytest.mark.parametrize(
    "name", ["box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou"]
)
def test_overlaps_beside_torchvision(name):
    both(lambda lib, o, a, b: getattr(o, name)(a, b), some_boxes(5), some_boxes(7, seed=1))
    whole = some_boxes(5).astype(np.int64) * 5
    both(lambda lib, o, a: getattr(o, name)(a, a + 3), whole, gradient=False)


@pytest.mark.compare
@pytest.mark.parametrize(
    "name", ["generalized_box_iou_loss", "distance_box_iou_loss", "complete_box_iou_loss"]
)
def test_losses_beside_torchvision(name):
    for reduction in ("none", "mean", "sum"):
        both(
            lambda lib, o, a, b, r=reduction: getattr(o, name)(a, b, reduction=r),
            some_boxes(9),
            some_boxes(9, seed=1),
        )


@pytest.mark.compare
def test_choices_beside_torchvision():
    boxes = some_boxes(60)
    both(lambda lib, o, b: o.remove_small_boxes(b, 5), boxes, gradient=False)
    both(lambda lib, o, b: o.clip_boxes_to_image(b, (10, 15)), boxes)
    masks = np.random.default_rng(3).random((5, 6, 7)) > 0.9
    both(lambda lib, o, m: o.masks_to_boxes(m), masks, gradient=False)


@pytest.mark.compare
def test_native_functions_beside_torchvision():
    extension = pytest.importorskip("torchvision.extension")
    if not extension._has_ops():
        pytest.skip("this torchvision was built without its native functions")
    boxes, scores = some_boxes(60), np.random.default_rng(1).random(60, np.float32)
    categories = np.random.default_rng(2).integers(0, 3, 60)
    for threshold in (0.1, 0.3, 0.7):
        both(lambda lib, o, b, s, t=threshold: o.nms(b, s, t), boxes, scores, gradient=False)
        both(
            lambda lib, o, b, s, c, t=threshold: o.batched_nms(b, s, c, t),
            boxes,
            scores,
            categories,
            gradient=False,
        )
    for scale in (1.0, 0.5, 0.37):
        both(lambda lib, o, x, b, s=scale: o.roi_pool(x, b, (3, 2), s), *some_regions())


@pytest.mark.compare
def test_conversions_beside_torchvision():
    for forms, width in ((("xyxy", "xywh", "cxcywh"), 4), (("xywhr", "cxcywhr", "xyxyxyxy"), 5)):
        boxes = some_boxes(6)
        if width == 5:
            boxes = np.concatenate([boxes, boxes[:, :1] * 10], 1)
        for there in forms:
            both(lambda lib, o, b, f=forms[0], t=there: o.box_convert(b, f, t), boxes)
            for back in forms:
                both(
                    lambda lib, o, b, f=forms[0], t=there, k=back: o.box_convert(
                        o.box_convert(b, f, t), t, k
                    ),
                    boxes,
                )
    for fmt in ("xywh", "cxcywh"):
        both(lambda lib, o, b, f=fmt: o.box_iou(b, b + 1, fmt=f), some_boxes(6))
        both(lambda lib, o, b, f=fmt: o.box_area(b, fmt=f), some_boxes(6))


@pytest.mark.compare
def test_aligned_regions_beside_torchvision():
    pytest.importorskip("torchvision")
    # Its formula in Python, which needs no native function.
    theirs = sys.modules["torchvision.ops.roi_align"]._roi_align.__wrapped__
    for scale, aligned, ratio in itertools.product((1.0, 0.5, 0.37), (False, True), (-1, 2)):

        def align(library, here, x, boxes, scale=scale, aligned=aligned, ratio=ratio):
            if library is mt:
                return ops.roi_align(x, boxes, (3, 2), scale, ratio, aligned)
            return theirs(x, boxes, scale, 3, 2, ratio, aligned)

        features, _ = some_regions()
        # The formula has no zeros beyond the edges, as the native function has.
        boxes = np.concatenate([[[0], [1], [1]], some_boxes(3, size=6)], 1, dtype=np.float32)
        both(align, features, boxes)


@pytest.mark.compare
def test_pyramids_beside_torchvision():
    x = np.random.default_rng(0).standard_normal((1, 4, 9, 6)).astype(np.float32)

    def pyramid(library, here, x):
        name = "ops.feature_pyramid_network"
        home = "minitorch.vision" if library is mt else "torchvision"
        module = importlib.import_module(f"{home}.{name}")
        extra = module.LastLevelP6P7(2, 5)
        network = module.FeaturePyramidNetwork([4, 2], 5, extra, library.nn.BatchNorm2d)
        out = network({"a": x, "b": x[:, :2, ::2, ::2]})
        return library.cat([value.flatten() for value in out.values()])

    both(pyramid, x)


@pytest.mark.compare
def test_blocks_beside_torchvision():
    x = np.random.default_rng(0).standard_normal((3, 4, 8, 9)).astype(np.float32)
    both(lambda lib, o, x: o.SqueezeExcitation(4, 2)(x), x)
    both(lambda lib, o, x: o.Conv2dNormActivation(4, 6, stride=2, groups=2)(x), x)
    both(lambda lib, o, x: o.MLP(9, [5, 4], dropout=0.3)(x), x)
    both(lambda lib, o, x: o.stochastic_depth(x, 0.4, "row"), x)
    both(lambda lib, o, x: o.drop_block2d(x, 0.2, 3), x)
    both(lambda lib, o, x: o.drop_block3d(x[None], 0.2, 3), x)
    both(lambda lib, o, x: o.FrozenBatchNorm2d(4)(x), x)
    truth = (x > 0.3).astype(np.float32)
    for reduction in ("none", "mean", "sum"):
        both(lambda lib, o, x, t, r=reduction: o.sigmoid_focal_loss(x, t, reduction=r), x, truth)
