"""vision.transforms.v2 and vision.tv_tensors: samples with masks, draws, names.

Where torchvision is installed, every transform is compared with it.
"""

import inspect

import numpy as np
import pytest

import minitorch as mt
from minitorch.vision import transforms, tv_tensors
from minitorch.vision.transforms import v2
from minitorch.vision.transforms.v2 import functional as F

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def torchvision():
    pytest.importorskip("torchvision.transforms.v2")
    return pytest.importorskip("torchvision")


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def picture(mode="RGB", height=12, width=15, seed=0):
    return Image.fromarray(noise(height, width, 3, seed=seed)).convert(mode)


# --- kinds of tensors -----------------------------------------------------------------------------


def test_tv_tensors():
    image = tv_tensors.Image(noise(4, 5))
    assert isinstance(image, mt.Tensor) and image.shape == (1, 4, 5) and image.dtype is mt.uint8
    assert type(image + 1) is mt.Tensor and type(image[0]) is mt.Tensor
    for kept in (image.clone(), image.detach(), image.to(mt.float32)):
        assert type(kept) is tv_tensors.Image
    assert tv_tensors.Image(picture()).shape == (3, 12, 15)
    assert tv_tensors.Image([[1.0]], dtype=mt.float64).dtype is mt.float64
    with pytest.raises(ValueError, match="Tensor must be 2D or higher, got 1D tensor."):
        tv_tensors.Image(mt.zeros(3))
    mask = tv_tensors.Mask(mt.ones(2, 3, dtype=mt.bool))
    assert type(mask) is tv_tensors.Mask and mask.shape == (2, 3)
    assert type(tv_tensors.wrap(mt.zeros(1, 1), like=mask)) is tv_tensors.Mask
    memory = mt.zeros(1, 2)
    tv_tensors.Mask(memory)[0, 0] = 5
    assert memory[0, 0] == 5
    leaf = mt.zeros(1, 2, 2, requires_grad=True)
    (tv_tensors.Image(leaf) * 3).sum().backward()
    assert (leaf.grad == 3).all()


def test_tv_tensors_print():
    image = tv_tensors.Image(mt.zeros(2, 3, dtype=mt.uint8))
    assert repr(image) == "Image([[[0, 0, 0],\n        [0, 0, 0]]], dtype=torch.uint8, )"
    assert repr(tv_tensors.Mask(mt.zeros(1, 1))) == "Mask([[0.]])"


# --- samples --------------------------------------------------------------------------------------


def test_a_sample_is_transformed_alike():
    pixels = mt.from_numpy(noise(1, 9, 9))
    sample = {
        "image": tv_tensors.Image(pixels),
        "parts": [tv_tensors.Mask(pixels), 3, "text"],
        "other": (pixels, None),
    }
    transform = v2.Compose(
        [
            v2.RandomHorizontalFlip(1.0),
            v2.RandomCrop(6),
            v2.RandomRotation(40),
            v2.RandomAffine(20, (0.2, 0.2)),
            v2.RandomVerticalFlip(0.5),
        ]
    )
    mt.manual_seed(4)
    result = transform(sample)
    assert type(result["image"]) is tv_tensors.Image
    assert type(result["parts"][0]) is tv_tensors.Mask and result["parts"][1:] == [3, "text"]
    assert result["image"].shape == (1, 6, 6)
    np.testing.assert_array_equal(result["image"].numpy(), result["parts"][0].numpy())
    assert result["other"][0] is pixels and result["other"][1] is None
    image, target = transform(tv_tensors.Image(pixels), 7)
    assert image.shape == (1, 6, 6) and target == 7


def test_masks_keep_their_values():
    mask = tv_tensors.Mask(mt.from_numpy(noise(2, 9, 9) > 128))
    labels = tv_tensors.Mask(mt.from_numpy(noise(9, 9).astype(np.int64) % 5 * 50))
    for transform in (
        v2.Resize((5, 14)),
        v2.RandomResizedCrop(7),
        v2.RandomRotation(30, "bilinear"),
        v2.RandomPerspective(p=1.0),
        v2.ElasticTransform(30.0, 2.0),
        v2.Pad(2, fill=0),
    ):
        for thing in (mask, labels):
            result = transform(thing)
            assert type(result) is tv_tensors.Mask and result.dtype is thing.dtype
            assert set(result.unique().tolist()) <= {*thing.unique().tolist(), 0}
    for transform in (
        v2.ColorJitter(0.5, 0.5, 0.5, 0.2),
        v2.GaussianBlur(3),
        v2.Grayscale(),
        v2.RandomInvert(1.0),
        v2.ToDtype(mt.float32, scale=True),
    ):
        assert transform(mask) is mask
    with pytest.raises(TypeError, match="not supported by FiveCrop"):
        v2.FiveCrop(3)(mask)


def test_which_tensor_is_the_picture():
    first, second = mt.zeros(3, 4, 4), mt.zeros(3, 4, 4)
    flip = v2.RandomInvert(1.0)
    a, b = flip(first, second)
    assert (a == 1).all() and b is second  # the first tensor
    c, d = flip(first, picture("RGB", 4, 4))
    assert c is first and d.getpixel((0, 0)) != picture("RGB", 4, 4).getpixel((0, 0))
    e, f = flip(first, tv_tensors.Image(second))
    assert e is first and (f == 1).all()


def test_types():
    image = v2.ToImage()(picture())
    assert type(image) is tv_tensors.Image and image.dtype is mt.uint8
    floats = v2.ToDtype(mt.float32, scale=True)(image)
    assert type(floats) is tv_tensors.Image and floats.max() <= 1
    assert v2.ToDtype(mt.float32)(image).max() > 1
    pure = v2.ToPureTensor()({"a": floats, "b": tv_tensors.Mask(mt.zeros(1, 1))})
    assert type(pure["a"]) is mt.Tensor and type(pure["b"]) is mt.Tensor
    assert v2.ToPILImage()(image).tobytes() == picture().tobytes()
    assert type(v2.PILToTensor()(picture())) is mt.Tensor
    assert v2.ToImage()(noise(4, 5)).shape == (1, 4, 5)
    kinds = v2.ToDtype({tv_tensors.Mask: mt.int64, "others": None})
    x, y = kinds(image, tv_tensors.Mask(mt.zeros(1, 1)))
    assert x.dtype is mt.uint8 and y.dtype is mt.int64
    with pytest.warns(UserWarning, match="`ToTensor\\(\\)` is deprecated"):
        old = v2.ToTensor()
    assert (old(picture()) == transforms.ToTensor()(picture())).all()
    assert F.get_size(image) == [12, 15] and F.get_num_channels(image) == 3
    assert F.is_pure_tensor(mt.zeros(1)) and not F.is_pure_tensor(image)


def test_a_pipeline_is_that_of_the_old_transforms():
    old = transforms.Compose(
        [
            transforms.RandomResizedCrop(8),
            transforms.RandomHorizontalFlip(),
            transforms.ColorJitter(0.3, 0.3, 0.3, 0.1),
            transforms.ToTensor(),
            transforms.Normalize([0.5] * 3, [0.2] * 3),
        ]
    )
    new = v2.Compose(
        [
            v2.RandomResizedCrop(8),
            v2.RandomHorizontalFlip(),
            v2.ColorJitter(0.3, 0.3, 0.3, 0.1),
            v2.ToImage(),
            v2.ToDtype(mt.float32, scale=True),
            v2.Normalize([0.5] * 3, [0.2] * 3),
        ]
    )
    for seed in range(8):
        mt.manual_seed(seed)
        a = old(picture(seed=seed))
        mt.manual_seed(seed)
        np.testing.assert_allclose(new(picture(seed=seed)).numpy(), a.numpy(), rtol=1e-6)


def test_values():
    grey = mt.from_numpy(noise(1, 4, 5))
    assert (v2.RGB()(grey) == grey.expand(3, 4, 5)).all()
    assert v2.RGB()(picture("L")).mode == "RGB"
    tensor = mt.from_numpy(noise(3, 4, 5))
    mt.manual_seed(0)
    order = mt.randperm(3)
    mt.manual_seed(0)
    assert (v2.RandomChannelPermutation()(tensor) == tensor[order]).all()
    mt.manual_seed(0)
    noisy = v2.GaussianNoise(0.1, 0.2)(tensor / 255)
    mt.manual_seed(0)
    expected = (tensor / 255 + (0.1 + mt.randn_like(tensor / 255) * 0.2)).clamp(0, 1)
    assert (noisy == expected).all()
    assert v2.GaussianNoise(sigma=0.5)(tensor).dtype is mt.uint8
    padded = v2.Pad(1, fill=[1, 2, 3])(tensor)
    assert padded[:, 0, 0].tolist() == [1, 2, 3] and (padded[:, 1:-1, 1:-1] == tensor).all()
    assert v2.Resize(None, max_size=10)(tensor).shape == (3, 8, 10)
    assert (v2.Identity()(tensor) == tensor).all()
    double = v2.Lambda(lambda x: x * 2, int)
    assert double((3, "a", tensor))[:2] == (6, "a")
    mt.manual_seed(1)
    erased = v2.RandomErasing(1.0, value="random")(tensor / 255)
    mt.manual_seed(1)
    assert (erased == transforms.RandomErasing(1.0, value="random")(tensor / 255)).all()
    choice = v2.RandomChoice([v2.Pad(1), v2.Pad(2)], p=[0, 1])
    assert choice(tensor).shape == (3, 8, 9)
    assert v2.RandomOrder([v2.Pad(1), v2.CenterCrop(2)])(tensor).shape[-1] in (2, 4)
    assert v2.RandomApply([v2.Pad(1)], p=0.0)(tensor, 5) == (tensor, 5)


TEXT = """\
Compose(
      ToImage()
      ToDtype(scale=True)
      Resize(size=[3], interpolation=bilinear, antialias=True)
      RandomHorizontalFlip(p=0.3)
      Normalize(mean=[0.5], std=[0.2], inplace=False)
      RandomCrop(size=(3, 3), padding=[1, 1, 1, 1], pad_if_needed=False, fill=0, \
padding_mode=constant)
      Lambda(<lambda>, types=['object'])
      ColorJitter(brightness=(0.9, 1.1))
      RandomApply(    Pad(padding=1, fill=0, padding_mode=constant))
      RandomChoice(transforms=[Pad(padding=[1, 2], fill=0, padding_mode=constant), RGB()], \
p=[0.5, 0.5])
      RandomRotation(degrees=[-3.0, 3.0], interpolation=nearest, expand=False, fill=0)
      GaussianBlur(kernel_size=(3, 3), sigma=[0.1, 2.0])
      RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=[0.0], inplace=False)
      RandomPerspective(p=0.5, distortion_scale=0.5, interpolation=bilinear, fill=0)
)"""


def printed(v, lib):
    return v.Compose(
        [
            v.ToImage(),
            v.ToDtype(lib.float32, scale=True),
            v.Resize(3),
            v.RandomHorizontalFlip(0.3),
            v.Normalize([0.5], [0.2]),
            v.RandomCrop(3, padding=1),
            v.Lambda(lambda x: x),
            v.ColorJitter(0.1),
            v.RandomApply([v.Pad(1)]),
            v.RandomChoice([v.Pad((1, 2)), v.RGB()]),
            v.RandomRotation(3),
            v.GaussianBlur(3),
            v.RandomErasing(),
            v.RandomPerspective(),
        ]
    )


def test_repr():
    assert repr(printed(v2, mt)) == TEXT


REFUSED = {
    "compose": (
        TypeError,
        "Argument transforms should be a sequence of callables",
        lambda v: v.Compose(3),
    ),
    "empty": (ValueError, "Pass at least one transform", lambda v: v.Compose([])),
    "apply": (
        ValueError,
        "`p` should be a floating point value in the interval",
        lambda v: v.RandomApply([abs], p=2),
    ),
    "flip": (
        ValueError,
        "`p` should be a floating point value in the interval",
        lambda v: v.RandomHorizontalFlip(-1),
    ),
    "choice": (
        ValueError,
        "Length of p doesn't match the number of transforms: 1 != 2",
        lambda v: v.RandomChoice([abs, abs], p=[1]),
    ),
    "resize": (
        ValueError,
        "size can be an integer, a sequence of one or two integers",
        lambda v: v.Resize((1, 2, 3)),
    ),
    "max_size": (
        ValueError,
        "max_size must be an integer when size is None",
        lambda v: v.Resize(None),
    ),
    "scale": (
        TypeError,
        "Scale should be a sequence of two floats",
        lambda v: v.RandomResizedCrop(3, scale=(1,)),
    ),
    "pad": (
        ValueError,
        "Padding must be an int or a 1, 2, or 4 element",
        lambda v: v.Pad((1, 2, 3)),
    ),
    "pad mode": (
        ValueError,
        "Padding mode should be either constant, edge",
        lambda v: v.Pad(1, padding_mode="x"),
    ),
    "fill": (
        TypeError,
        "Got inappropriate fill arg, only Numbers, tuples",
        lambda v: v.RandomRotation(3, fill="x"),
    ),
    "distortion": (
        ValueError,
        "Argument distortion_scale value should be between 0 and 1",
        lambda v: v.RandomPerspective(2),
    ),
    "alpha": (
        TypeError,
        "alpha should be a number or a sequence of numbers",
        lambda v: v.ElasticTransform("x") if False else v.ElasticTransform({}),
    ),
    "sigma": (
        ValueError,
        "sigma values should be positive and of the form",
        lambda v: v.GaussianBlur(3, (2, 1)),
    ),
    "dtype": (
        ValueError,
        "dtype must be a dict or a torch.dtype, got",
        lambda v: v.ToDtype("float32"),
    ),
    "normalize": (
        TypeError,
        r"Normalize\(\) does not support PIL images",
        lambda v: v.Normalize([0.5], [0.5])(picture()),
    ),
    "noise": (
        ValueError,
        "Gaussian Noise is not implemented for PIL images",
        lambda v: v.GaussianNoise()(picture()),
    ),
    "crop": (
        ValueError,
        r"Required crop size \(20, 20\) is larger than input image size \(12, 15\)",
        lambda v: v.RandomCrop(20)(picture()),
    ),
    "padded crop": (
        ValueError,
        "is larger than padded input image size",
        lambda v: v.RandomCrop(20, padding=1)(picture()),
    ),
    "image": (
        TypeError,
        "Input can either be a pure Tensor, a numpy array, or a PIL image",
        lambda v: v.functional.to_image("x"),
    ),
    "sizes": (
        ValueError,
        "Found multiple HxW dimensions in the sample",
        lambda v: v.RandomCrop(3)(picture(), picture("L", 5, 5)),
    ),
    "nothing": (TypeError, "was found in the sample", lambda v: v.RandomCrop(3)("x")),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    kind, message, call = REFUSED[name]
    with pytest.raises(kind, match=message):
        call(v2)


@pytest.mark.compare
@pytest.mark.parametrize("name", REFUSED)
def test_refused_beside_torchvision(torchvision, name):
    kind, message, call = REFUSED[name]
    with pytest.raises(kind, match=message):
        call(torchvision.transforms.v2)


# --- beside torchvision ---------------------------------------------------------------------------

BESIDE = {
    "hflip": lambda v: v.RandomHorizontalFlip(),
    "vflip": lambda v: v.RandomVerticalFlip(0.7),
    "resize": lambda v: v.Resize((7, 20)),
    "resize_short": lambda v: v.Resize(7, max_size=8),
    "resize_max": lambda v: v.Resize(None, max_size=9),
    "center_crop": lambda v: v.CenterCrop((20, 5)),
    "resized_crop": lambda v: v.RandomResizedCrop(6),
    "five_crop": lambda v: v.Compose([v.FiveCrop(4), v.Lambda(lambda crops: crops)]),
    "pad": lambda v: v.Pad((1, 2), fill=7),
    "pad_edge": lambda v: v.Pad(2, padding_mode="edge"),
    "crop": lambda v: v.RandomCrop(5),
    "crop_padded": lambda v: v.RandomCrop((9, 12), padding=(1, 2), fill=3),
    "crop_wide": lambda v: v.RandomCrop((12, 4)),
    "crop_needed": lambda v: v.RandomCrop(16, pad_if_needed=True),
    "rotation": lambda v: v.RandomRotation(40, fill=3),
    "rotation_bilinear": lambda v: v.RandomRotation((10, 80), "bilinear", expand=True),
    "affine": lambda v: v.RandomAffine(30, (0.1, 0.2), (0.7, 1.4), (-5, 5, -10, 10)),
    "perspective": lambda v: v.RandomPerspective(p=0.8),
    "elastic": lambda v: v.ElasticTransform([20.0, 5], 1.0, fill=1),
    "jitter": lambda v: v.ColorJitter(0.4, 0.4, 0.4, 0.2),
    "grey": lambda v: v.Grayscale(3),
    "random_grey": lambda v: v.RandomGrayscale(0.6),
    "rgb": lambda v: v.RGB(),
    "channels": lambda v: v.RandomChannelPermutation(),
    "invert": lambda v: v.RandomInvert(),
    "posterize": lambda v: v.RandomPosterize(3),
    "solarize": lambda v: v.RandomSolarize(0.6),
    "sharpness": lambda v: v.RandomAdjustSharpness(2),
    "autocontrast": lambda v: v.RandomAutocontrast(),
    "equalize": lambda v: v.RandomEqualize(),
    "blur": lambda v: v.GaussianBlur((5, 3)),
    "erasing": lambda v: v.RandomErasing(0.8, value="random"),
    "apply": lambda v: v.RandomApply([v.Pad(1), v.RandomCrop(4)], 0.6),
    "choice": lambda v: v.RandomChoice([v.Pad(1), v.RandomCrop(4)], [1, 2]),
    "order": lambda v: v.RandomOrder([v.Pad(1), v.RandomCrop(4), v.RandomHorizontalFlip()]),
    "to_image": lambda v: v.Compose([v.ToImage(), v.ConvertImageDtype()]),
    "noise": lambda v: v.GaussianNoise(0.1, 0.2),
    "auto_augment": lambda v: v.AutoAugment(),
    "auto_augment_cifar": lambda v: v.AutoAugment(v.AutoAugmentPolicy.CIFAR10, fill=3),
    "rand_augment": lambda v: v.RandAugment(3, 20),
    "trivial": lambda v: v.TrivialAugmentWide(),
    "augmix": lambda v: v.AugMix(),
}


#: Where torchvision computes bytes in another order; what follows may carry the difference on.
LOOSE = ("jitter", "rand_augment", "auto_augment", "auto_augment_cifar", "trivial", "augmix")


def outcome(call, sample, library):
    try:
        result = call(sample)
    except Exception as error:
        return type(error)
    parts = result if isinstance(result, (tuple, list)) else [result]
    arrays = [np.asarray(part) if isinstance(part, Image.Image) else part.numpy() for part in parts]
    kinds = [type(part).__name__ for part in parts]
    return kinds, arrays, library.rand(1).item()


@pytest.mark.compare
@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize("kind", ["RGB", "L", "uint8", "float32", "image", "sample"])
def test_beside_torchvision(torchvision, name, kind):
    import torch

    theirs_kinds = torchvision.tv_tensors
    ours, theirs = BESIDE[name](v2), BESIDE[name](torchvision.transforms.v2)
    for seed, shape in enumerate([(12, 15), (12, 12), (13, 16)]):
        pixels = noise(3, *shape, seed=seed)
        if kind in ("RGB", "L"):
            a = b = picture(kind, *shape, seed=seed)
        else:
            pixels = (pixels / 255).astype(np.float32) if kind == "float32" else pixels
            a, b = mt.from_numpy(pixels.copy()), torch.from_numpy(pixels.copy())
            if kind in ("image", "sample"):
                a, b = tv_tensors.Image(a), theirs_kinds.Image(b)
            if kind == "sample":
                mask = noise(*shape, seed=9)
                a = [a, tv_tensors.Mask(mt.from_numpy(mask.copy()))]
                b = [b, theirs_kinds.Mask(torch.from_numpy(mask.copy()))]
        mt.manual_seed(seed)
        torch.manual_seed(seed)
        x, y = outcome(ours, a, mt), outcome(theirs, b, torch)
        if isinstance(x, type) or isinstance(y, type):
            assert x is y
            continue
        assert x[0] == y[0] and x[2] == y[2]
        for p, q in zip(x[1], y[1], strict=True):
            assert p.dtype == q.dtype and p.shape == q.shape
            if p.dtype.kind == "f":
                np.testing.assert_allclose(p, q, rtol=2e-6, atol=4e-6)
            else:  # torchvision rounds some of these sums earlier
                steps = (
                    0 if kind in ("RGB", "L") and name != "augmix" else 6 if name in LOOSE else 1
                )
                assert np.abs(p.astype(int) - q.astype(int)).max(initial=0) <= steps


def batch(lib, kinds):
    pixels = (noise(4, 3, 9, 10) / 255).astype(np.float32)
    return kinds.Image(lib.from_numpy(pixels)), lib.tensor([0, 2, 1, 2])


def test_mixtures():
    pictures, labels = batch(mt, tv_tensors)
    for make in (v2.MixUp, v2.CutMix):
        for seed in range(4):
            mt.manual_seed(seed)
            mixed, weights = make(num_classes=3)(pictures, labels)
            assert type(mixed) is tv_tensors.Image and weights.shape == (4, 3)
            np.testing.assert_allclose(weights.sum(1).numpy(), 1, rtol=1e-6)
            share = weights[0, 0].item()  # of its own label; the one before has label 2
            before = pictures.roll(1, 0)
            if make is v2.MixUp:
                expected = pictures * share + before * (1 - share)
                np.testing.assert_allclose(mixed.numpy(), expected.numpy(), atol=1e-6)
            else:
                own = (mixed == pictures).all(1).float().mean((1, 2))
                np.testing.assert_allclose(own.numpy(), share, atol=1e-6)
                assert ((mixed == pictures) | (mixed == before)).all()
    named = v2.MixUp(num_classes=3)({"pictures": pictures, "my_labels": labels})
    assert named["my_labels"].shape == (4, 3)
    for message, call in (
        ("num_classes must be passed", lambda: v2.MixUp()(pictures, labels)),
        ("does not match the batch size", lambda: v2.CutMix(num_classes=3)(pictures, labels[:2])),
        ("Expected a batched input", lambda: v2.MixUp(num_classes=3)(pictures[0], labels)),
        ("must be a tensor", lambda: v2.MixUp(labels_getter=len)(pictures, labels)),
        ("Could not infer where", lambda: v2.MixUp(num_classes=3)({"a": pictures})),
        ("does not support PIL images", lambda: v2.MixUp(num_classes=3)(picture(), labels)),
        ("labels_getter should either be", lambda: v2.MixUp(labels_getter=3)),
    ):
        with pytest.raises(ValueError, match=message):
            call()


@pytest.mark.compare
@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_mixtures_beside_torchvision(torchvision, name):
    import torch

    for seed in range(6):
        mt.manual_seed(seed)
        a = getattr(v2, name)(alpha=0.7, num_classes=3)(*batch(mt, tv_tensors))
        torch.manual_seed(seed)
        theirs = getattr(torchvision.transforms.v2, name)(alpha=0.7, num_classes=3)
        b = theirs(*batch(torch, torchvision.tv_tensors))
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-5, atol=1e-6)
        assert mt.rand(1).item() == torch.rand(1).item()


@pytest.mark.compare
def test_names_and_signatures_beside_torchvision(torchvision):
    theirs = torchvision.transforms.v2
    assert repr(printed(theirs, __import__("torch"))) == TEXT
    for name in v2.__all__:
        a, b = getattr(v2, name), getattr(theirs, name)
        if inspect.isclass(a):
            assert list(inspect.signature(a).parameters) == list(inspect.signature(b).parameters), (
                name
            )
            assert hasattr(a, "get_params") == hasattr(b, "get_params"), name
    for name in F.__all__:
        assert hasattr(theirs.functional, name), name
