"""vision.transforms: colours, geometry, random draws and augmentations, on images and tensors.

Where torchvision is installed, all of it is compared with it: the same seed, the same pixels.
"""

import inspect
import random

import numpy as np
import pytest

import minitorch as mt
from minitorch.vision import transforms
from minitorch.vision.transforms import InterpolationMode
from minitorch.vision.transforms import functional as F

Image = pytest.importorskip("PIL.Image")

BILINEAR = InterpolationMode.BILINEAR


@pytest.fixture(scope="module")
def torchvision():
    return pytest.importorskip("torchvision")


def picture(mode="RGB", height=12, width=15, seed=0):
    """A Pillow image of noise."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


def image_tensor(*shape, dtype="uint8", seed=0):
    values = np.random.default_rng(seed).random(shape)
    return mt.from_numpy((values if dtype.startswith("f") else values * 255).astype(dtype))


# --- images and tensors agree ---------------------------------------------------------------------

BYTES = {
    "invert": F.invert,
    "posterize": lambda img: F.posterize(img, 3),
    "solarize": lambda img: F.solarize(img, 100),
    "equalize": F.equalize,
    "five_crop": lambda img: F.five_crop(img, 5)[4],
    "ten_crop": lambda img: F.ten_crop(img, (4, 7), vertical_flip=True)[8],
    "resized_crop": lambda img: F.resized_crop(
        img, 1, 2, 6, 8, (3, 4), InterpolationMode.NEAREST_EXACT
    ),
    "rotate_180": lambda img: F.rotate(img, 180),
    "translate": lambda img: F.affine(img, 0, [3, -2], 1.0, 0, fill=[7]),
}
ROUNDED = {
    "brightness": lambda img: F.adjust_brightness(img, 1.4),
    "contrast": lambda img: F.adjust_contrast(img, 0.5),
    "saturation": lambda img: F.adjust_saturation(img, 1.7),
    "gamma": lambda img: F.adjust_gamma(img, 0.6),
    "autocontrast": lambda img: F.autocontrast(img),
    "grey": lambda img: F.rgb_to_grayscale(img, 3),
}


@pytest.mark.parametrize("name", [*BYTES, *ROUNDED])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_images_and_tensors_agree(name, mode):
    image = picture(mode)
    apply = (BYTES | ROUNDED)[name]
    ours = apply(F.pil_to_tensor(image))
    theirs = F.pil_to_tensor(apply(image))
    assert ours.dtype is mt.uint8 and ours.shape == theirs.shape
    difference = (ours.int() - theirs.int()).abs().max().item()
    assert difference <= (1 if name in ROUNDED else 0)


def test_nothing_is_written_into_the_input():
    image, tensor = picture(), image_tensor(3, 12, 15)
    before = np.array(image), tensor.clone()
    for apply in (*BYTES.values(), *ROUNDED.values()):
        apply(image)
        apply(tensor)
    np.testing.assert_array_equal(np.asarray(image), before[0])
    assert (tensor == before[1]).all()


# --- colours --------------------------------------------------------------------------------------


def test_factors_that_say_it_themselves():
    tensor = image_tensor(3, 6, 7)
    for adjust in (
        F.adjust_brightness,
        F.adjust_contrast,
        F.adjust_saturation,
        F.adjust_sharpness,
        F.adjust_gamma,
    ):
        assert (adjust(tensor, 1.0) == tensor).all(), adjust
    assert (F.adjust_brightness(tensor, 0.0) == 0).all()
    assert F.adjust_contrast(tensor, 0.0).unique().numel() == 1
    grey = F.rgb_to_grayscale(tensor, 3)
    assert (F.adjust_saturation(tensor, 0.0) == grey).all()
    assert (F.adjust_hue(tensor, 0.0).int() - tensor.int()).abs().max() <= 1


def test_hue_turns_around_the_circle():
    red = mt.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
    green, blue = F.adjust_hue(red, 1 / 3), F.adjust_hue(red, -1 / 3)
    np.testing.assert_allclose(green.flatten().numpy(), [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(blue.flatten().numpy(), [0, 0, 1], atol=1e-6)
    cyan = F.adjust_hue(Image.new("RGB", (1, 1), (255, 0, 0)), 0.5)
    red, green, blue = cyan.getpixel((0, 0))
    assert red == 0 and green == 255 and blue > 250  # 127 steps of 255 are not quite a half


def test_values_of_known_pictures():
    tensor = mt.tensor([[[0, 100, 200]]], dtype=mt.uint8)
    assert F.invert(tensor).flatten().tolist() == [255, 155, 55]
    assert F.invert(tensor / 255).flatten().tolist() == pytest.approx([1, 155 / 255, 55 / 255])
    assert F.solarize(tensor, 100).flatten().tolist() == [0, 155, 55]
    assert F.posterize(tensor, 2).flatten().tolist() == [0, 64, 192]
    assert F.autocontrast(tensor).flatten().tolist() == [0, 127, 255]
    flat = mt.full((1, 2, 2), 9, dtype=mt.uint8)
    assert (F.autocontrast(flat) == 9).all() and (F.equalize(flat) == 9).all()
    ramp = (mt.arange(512) // 4).view(1, 16, 32).to(mt.uint8)
    assert F.equalize(ramp).max() == 255


def test_blur_and_sharpness():
    point = mt.zeros(1, 7, 7)
    point[0, 3, 3] = 1
    blurred = F.gaussian_blur(point, 3, 1.0)
    assert blurred.sum().item() == pytest.approx(1) and blurred[0, 3, 3] == blurred.max()
    weights = np.exp(-0.5 * np.array([1, 0, 1]))
    weights /= weights.sum()
    np.testing.assert_allclose(blurred[0, 2:5, 2:5].numpy(), np.outer(weights, weights), rtol=1e-5)
    wide = F.gaussian_blur(point, (5, 1), (2.0, 1.0))  # width first
    assert (wide[0].sum(1) != 0).tolist() == [False] * 3 + [True] + [False] * 3
    assert F.gaussian_blur(picture(), 5).size == (15, 12)
    sharp = F.adjust_sharpness(image_tensor(3, 5, 5, dtype="float32"), 2.0)
    assert sharp.shape == (3, 5, 5)
    tiny = image_tensor(3, 2, 5)
    assert F.adjust_sharpness(tiny, 2.0) is tiny


def test_convert_image_dtype():
    byte = mt.tensor([0, 1, 128, 255], dtype=mt.uint8)
    convert = F.convert_image_dtype
    assert convert(byte, mt.uint8) is byte
    assert convert(byte).tolist() == pytest.approx([0, 1 / 255, 128 / 255, 1])
    assert convert(byte, mt.int16).tolist() == [0, 128, 16384, 32640]
    assert convert(convert(byte, mt.int32), mt.uint8).tolist() == byte.tolist()
    assert convert(mt.tensor([0.0, 0.5, 1.0]), mt.uint8).tolist() == [0, 127, 255]
    assert convert(mt.tensor([0.5]), mt.float64).dtype is mt.float64
    for source, target in ((mt.float32, mt.int32), (mt.float64, mt.int64)):
        with pytest.raises(RuntimeError, match="cannot be performed safely"):
            convert(mt.zeros(2, dtype=source), target)
    with pytest.raises(TypeError, match="Input img should be Tensor Image"):
        convert(picture(), mt.float32)


# --- geometry -------------------------------------------------------------------------------------


def test_rotation_by_quarters():
    tensor = image_tensor(3, 6, 6)
    for turns in range(4):
        expected = np.rot90(tensor.numpy(), turns, (1, 2))
        for mode in (InterpolationMode.NEAREST, BILINEAR):
            np.testing.assert_array_equal(F.rotate(tensor, 90 * turns, mode).numpy(), expected)
    oblong = picture("L", 4, 7)
    turned = np.asarray(F.rotate(oblong, 90, expand=True))
    np.testing.assert_array_equal(turned, np.rot90(np.asarray(oblong)))


def test_rotation_fills_and_expands():
    tensor = mt.ones(2, 4, 4)
    turned = F.rotate(tensor, 45, BILINEAR, expand=True, fill=[0.25, 0.5])
    assert turned.shape == (2, 6, 6)
    np.testing.assert_allclose(turned[:, 0, 0].numpy(), [0.25, 0.5], rtol=1e-6)
    assert turned[0, 3, 3] == 1
    around = F.rotate(mt.arange(9.0).view(1, 3, 3), 180, center=[0.5, 0.5])
    assert around[0, 0, 0] == 0 and (around.flatten()[1:] == 0).all()


def test_affine_moves_scales_and_shears():
    tensor = image_tensor(1, 5, 6)
    moved = F.affine(tensor, 0, [2, 1], 1.0, 0)
    assert (moved[:, 1:, 2:] == tensor[:, :-1, :-2]).all() and (moved[:, 0] == 0).all()
    twice = F.affine(tensor, 0, [0, 0], 2.0, 0, center=[0, 0])
    assert (twice[:, ::2, ::2] == tensor[:, :3, :3]).all()
    sheared = F.affine(mt.ones(1, 4, 4), 0, [0, 0], 1.0, 45)
    assert sheared.sum() < 16
    assert (F.affine(tensor, 180, [0, 0], 1.0, 0) == tensor.flip(-1).flip(-2)).all()


def test_perspective_of_corners():
    corners = [[0, 0], [14, 0], [14, 11], [0, 11]]
    for img in (picture(), image_tensor(3, 12, 15)):
        same = F.perspective(img, corners, corners, InterpolationMode.NEAREST)
        if isinstance(img, mt.Tensor):
            assert (same == img).all()
        else:
            assert same.tobytes() == img.tobytes()
    moved = [[x + 2, y + 1] for x, y in corners]
    tensor = image_tensor(3, 12, 15)
    shifted = F.perspective(tensor, corners, moved, InterpolationMode.NEAREST, fill=[9, 9, 9])
    assert (shifted[:, 1:, 2:] == tensor[:, :-1, :-2]).all() and (shifted[:, 0] == 9).all()


def test_elastic_transform_of_no_displacement():
    tensor = image_tensor(2, 3, 6, 7)
    assert (F.elastic_transform(tensor, mt.zeros(1, 6, 7, 2)) == tensor).all()
    right = mt.zeros(1, 6, 7, 2)
    right[..., 0] = 2 / 7  # one pixel
    moved = F.elastic_transform(tensor, right, InterpolationMode.NEAREST)
    assert (moved[..., :-1] == tensor[..., 1:]).all()
    image = picture()
    assert F.elastic_transform(image, mt.zeros(1, 12, 15, 2)).tobytes() == image.tobytes()


@pytest.mark.parametrize("shape", [(6, 7), (1, 6, 7), (3, 6, 7), (2, 3, 6, 7), (2, 2, 3, 6, 7)])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int32"])
def test_any_number_of_leading_dimensions(shape, dtype):
    tensor = image_tensor(*shape, dtype=dtype)
    for apply in (
        lambda img: F.rotate(img, 30, BILINEAR),
        lambda img: F.affine(img, 10, [1, 1], 1.1, [2, 3]),
        lambda img: F.gaussian_blur(img, 3),
        lambda img: F.resize(img, (4, 9)),
        lambda img: F.perspective(
            img, [[0, 0], [6, 0], [6, 5], [0, 5]], [[1, 0], [6, 1], [5, 5], [0, 4]]
        ),
    ):
        result = apply(tensor)
        assert result.dtype is tensor.dtype and result.shape[:-2] == tensor.shape[:-2]
        first = apply(tensor[0]) if len(shape) > 2 else result
        np.testing.assert_allclose((result[0] if len(shape) > 2 else result).numpy(), first.numpy())


def test_gradients_pass():
    tensor = image_tensor(3, 6, 6, dtype="float64").requires_grad_()
    changed = F.rotate(F.adjust_contrast(F.gaussian_blur(tensor, 3), 0.9), 20, BILINEAR)
    changed.sum().backward()
    assert tensor.grad.abs().sum() > 0
    for apply in (
        lambda x: F.affine(x, 10.0, [1, 0], 1.1, 3.0, BILINEAR),
        lambda x: F.adjust_saturation(x, 0.7),
        lambda x: F.adjust_hue(x, 0.05),
    ):
        small = (image_tensor(3, 3, 3, dtype="float64") * 0.8 + 0.1).requires_grad_()
        assert apply(small).requires_grad
    assert mt.autograd.gradcheck(
        lambda x: F.affine(x, 10.0, [1, 0], 1.1, 3.0, BILINEAR),
        (image_tensor(1, 3, 3, dtype="float64").requires_grad_(),),
    )


def test_five_and_ten_crops():
    tensor = mt.arange(20.0).view(1, 4, 5)
    crops = transforms.FiveCrop(2)(tensor)
    assert [crop[0, 0, 0].item() for crop in crops] == [0, 3, 10, 13, 7]
    ten = transforms.TenCrop((2, 2))(tensor)
    assert [crop[0, 0, 0].item() for crop in ten[5:]] == [4, 1, 14, 11, 7]


def test_linear_transformation_whitens():
    mean, matrix = mt.arange(12.0), mt.eye(12) * 2
    transform = transforms.LinearTransformation(matrix, mean)
    tensor = image_tensor(2, 3, 2, 2, dtype="float32")
    np.testing.assert_allclose(
        transform(tensor).numpy(), (tensor.numpy() - np.arange(12).reshape(3, 2, 2)) * 2
    )
    with pytest.raises(
        ValueError, match="Input tensor and transformation matrix have incompatible"
    ):
        transform(mt.zeros(3, 2, 3))


def test_erase():
    tensor = image_tensor(3, 5, 6, dtype="float32")
    before = tensor.clone()
    erased = F.erase(tensor, 1, 2, 2, 3, mt.tensor([1.0, 2.0, 3.0])[:, None, None])
    assert (erased[1, 1:3, 2:5] == 2).all() and (tensor == before).all()
    assert (erased != tensor).sum() == 3 * 6
    assert F.erase(tensor, 0, 0, 1, 1, 0.0, inplace=True) is tensor and tensor[0, 0, 0] == 0


# --- random draws ---------------------------------------------------------------------------------

#: What torchvision draws for a picture of 30 x 20 after manual_seed(7).
DRAWN = {
    "RandomCrop": (lambda t, img: t.RandomCrop.get_params(img, (7, 9)), (5, 14, 7, 9)),
    "RandomResizedCrop": (
        lambda t, img: t.RandomResizedCrop.get_params(img, (0.08, 1.0), (0.75, 4 / 3)),
        (0, 8, 20, 17),
    ),
    "too narrow": (
        lambda t, img: t.RandomResizedCrop.get_params(img, (1.0, 1.0), (4, 5)),
        (6, 0, 8, 30),
    ),
    "too wide": (
        lambda t, img: t.RandomResizedCrop.get_params(img, (1.0, 1.0), (0.1, 0.2)),
        (0, 13, 20, 4),
    ),
    "RandomRotation": (
        lambda t, img: t.RandomRotation.get_params([-30.0, 30.0]),
        2.0953524112701416,
    ),
    "RandomAffine": (
        lambda t, img: t.RandomAffine.get_params(
            [-30.0, 30.0], (0.2, 0.3), (0.5, 2.0), [-5.0, 5.0, -6.0, 6.0], [30, 20]
        ),
        (2.0953524112701416, (-4, 2), 1.485335350036621, (-2.672384262084961, -0.8992631435394287)),
    ),
    "RandomAffine angle": (
        lambda t, img: t.RandomAffine.get_params([-30.0, 30.0], None, None, None, [30, 20]),
        (2.0953524112701416, (0, 0), 1.0, (0.0, 0.0)),
    ),
    "RandomPerspective": (
        lambda t, img: t.RandomPerspective.get_params(30, 20, 0.5),
        ([[0, 0], [29, 0], [29, 19], [0, 19]], [[7, 4], [23, 2], [25, 17], [7, 19]]),
    ),
    "ColorJitter": (
        lambda t, img: t.ColorJitter.get_params((0.5, 1.5), None, (0.2, 3.0), (-0.1, 0.1)),
        ([3, 2, 0, 1], 1.1568902730941772, None, 0.8517323732376099, -0.014987719245254993),
    ),
    "RandomErasing": (
        lambda t, img: t.RandomErasing.get_params(img, (0.02, 0.33), (0.3, 3.3), [1.0, 2.0, 3.0]),
        (13, 6, 7, 15, [[[1.0]], [[2.0]], [[3.0]]]),
    ),
    "GaussianBlur": (lambda t, img: t.GaussianBlur.get_params(0.1, 2.0), 1.1163527965545654),
    "AutoAugment": (
        lambda t, img: t.AutoAugment.get_params(25),
        (15, [0.19880318641662598, 0.6592116951942444], [0, 1]),
    ),
    "ElasticTransform": (
        lambda t, img: t.ElasticTransform.get_params([2.0, 3.0], [0.0, 0.0], [1, 2]),
        [
            [
                [
                    [0.06984508037567139, 0.9552701711654663],
                    [-0.602393627166748, 0.9413416385650635],
                ]
            ]
        ],
    ),
}


def plain(value):
    """Tensors as lists."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return type(value)(map(plain, value)) if isinstance(value, (tuple, list)) else value


@pytest.mark.parametrize("name", DRAWN)
def test_draws_are_torchvisions(name):
    draw, expected = DRAWN[name]
    mt.manual_seed(7)
    assert plain(draw(transforms, mt.zeros(3, 20, 30, dtype=mt.uint8))) == expected


@pytest.mark.compare
@pytest.mark.parametrize("name", DRAWN)
def test_draws_beside_torchvision(torchvision, name):
    import torch

    draw, expected = DRAWN[name]
    torch.manual_seed(7)
    img = torch.zeros(3, 20, 30, dtype=torch.uint8)
    assert plain(draw(torchvision.transforms, img)) == expected


def test_noise_of_random_erasing():
    mt.manual_seed(7)
    *place, noise = transforms.RandomErasing.get_params(
        mt.zeros(3, 20, 30), (0.02, 0.03), (0.3, 3.3)
    )
    assert place == [17, 10, 3, 6] and noise.shape == (3, 3, 6)
    assert noise.sum().item() == pytest.approx(-5.866981506347656, rel=1e-5)


def test_dirichlet_of_augmix():
    mt.manual_seed(3)
    drawn = transforms.autoaugment.dirichlet(2, 3, 0.7)
    assert drawn.tolist() == [
        [0.4801085889339447, 0.31155404448509216, 0.20833739638328552],
        [0.21755658090114594, 0.01818685233592987, 0.7642565369606018],
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda p: transforms.RandomGrayscale(p),
        lambda p: transforms.RandomInvert(p),
        lambda p: transforms.RandomPosterize(2, p),
        lambda p: transforms.RandomSolarize(9, p),
        lambda p: transforms.RandomAdjustSharpness(3, p),
        lambda p: transforms.RandomAutocontrast(p),
        lambda p: transforms.RandomEqualize(p),
        lambda p: transforms.RandomPerspective(p=p),
        lambda p: transforms.RandomErasing(p),
    ],
)
def test_probabilities(make):
    tensor = image_tensor(3, 24, 30) // 2 + 20
    never, always = make(0.0), make(1.0)
    mt.manual_seed(0)
    assert never(tensor) is tensor
    assert not (always(tensor) == tensor).all()
    half = make(0.5)
    mt.manual_seed(1)
    changed = sum(half(tensor) is not tensor for _ in range(200))
    assert 70 < changed < 130


def test_choice_and_order_draw_from_pythons_random():
    first, second = transforms.CenterCrop(3), transforms.Pad(1)
    tensor = image_tensor(1, 5, 5)
    random.seed(1)
    expected = random.choices([3, 7], weights=[1, 2])[0]
    random.seed(1)
    assert transforms.RandomChoice([first, second], [1, 2])(tensor).shape[-1] == expected
    sizes = {transforms.RandomOrder([first, second])(tensor).shape[-1] for _ in range(50)}
    assert sizes == {3, 5}
    both = transforms.RandomChoice([lambda a, b: a + b])
    assert both(1, 2) == 3


@pytest.mark.parametrize(
    "make",
    [
        transforms.TrivialAugmentWide,
        transforms.RandAugment,
        transforms.AugMix,
        lambda: transforms.RandAugment(4, 30, fill=9),
        lambda: transforms.AugMix(10, 2, 3, 0.3, False),
        *(
            lambda policy=policy: transforms.AutoAugment(policy)
            for policy in transforms.AutoAugmentPolicy
        ),
    ],
)
def test_augmentations_change_and_repeat(make):
    transform = make()
    for img in (picture(), picture("L"), image_tensor(3, 12, 15), image_tensor(2, 3, 12, 15)):
        results = []
        for seed in (*range(8), *range(8)):
            mt.manual_seed(seed)
            result = transform(img)
            assert type(result) is type(img)
            results.append(np.asarray(result) if not isinstance(img, mt.Tensor) else result.numpy())
        original = np.asarray(img) if not isinstance(img, mt.Tensor) else img.numpy()
        assert all(result.shape == original.shape for result in results)
        for once, again in zip(results[:8], results[8:], strict=True):
            np.testing.assert_array_equal(once, again)
        assert sum((result != original).any() for result in results[:8]) >= 2


def test_policies():
    for policy in transforms.AutoAugmentPolicy:
        assert len(transforms.AutoAugment(policy).policies) == 25
    with pytest.raises(ValueError, match="The provided policy x is not recognized."):
        transforms.AutoAugment("x")
    with pytest.raises(ValueError, match=r"The severity must be between \[1, 10\]. Got 11"):
        transforms.AugMix(11)


# --- what is printed, and what is refused ---------------------------------------------------------

REPRS = {
    "RandomRotation(degrees=[-30.0, 30.0], interpolation=nearest, expand=False, fill=0)": (
        lambda t: t.RandomRotation(30)
    ),
    "RandomRotation(degrees=[1.0, 2.0], interpolation=bilinear, expand=True, center=(3, 4), "
    "fill=(1, 2, 3))": lambda t: t.RandomRotation(
        (1, 2), t.InterpolationMode.BILINEAR, True, (3, 4), (1, 2, 3)
    ),
    "RandomAffine(degrees=[-5.0, 5.0])": lambda t: t.RandomAffine(5),
    "RandomAffine(degrees=[0.0, 5.0], translate=(0.1, 0.2), scale=(1, 2), shear=[-3.0, 3.0], "
    "interpolation=bilinear, fill=4, center=[1, 2])": lambda t: t.RandomAffine(
        (0, 5), (0.1, 0.2), (1, 2), 3, t.InterpolationMode.BILINEAR, 4, [1, 2]
    ),
    "RandomPerspective(p=0.5)": lambda t: t.RandomPerspective(),
    "ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=(0.0, 3.0), hue=(-0.1, 0.1))": (
        lambda t: t.ColorJitter(0.5, 0, 2, 0.1)
    ),
    "RandomResizedCrop(size=(8, 8), scale=(0.08, 1.0), ratio=(0.75, 1.3333), "
    "interpolation=bilinear, antialias=True)": lambda t: t.RandomResizedCrop(8),
    "RandomErasing(p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False)": (
        lambda t: t.RandomErasing()
    ),
    "RandomGrayscale(p=0.1)": lambda t: t.RandomGrayscale(),
    "GaussianBlur(kernel_size=(3, 3), sigma=(0.1, 2.0))": lambda t: t.GaussianBlur(3),
    "GaussianBlur(kernel_size=(3, 5), sigma=(2, 2))": lambda t: t.GaussianBlur((3, 5), 2),
    "RandomInvert(p=0.5)": lambda t: t.RandomInvert(),
    "RandomPosterize(bits=2,p=0.5)": lambda t: t.RandomPosterize(2),
    "RandomSolarize(threshold=9,p=0.1)": lambda t: t.RandomSolarize(9, 0.1),
    "RandomAdjustSharpness(sharpness_factor=2,p=0.5)": lambda t: t.RandomAdjustSharpness(2),
    "RandomAutocontrast(p=0.5)": lambda t: t.RandomAutocontrast(),
    "RandomEqualize(p=0.5)": lambda t: t.RandomEqualize(),
    "ElasticTransform(alpha=[50.0, 50.0], sigma=[5.0, 5.0], "
    "interpolation=InterpolationMode.BILINEAR, fill=[0.0])": lambda t: t.ElasticTransform(),
    "AutoAugment(policy=AutoAugmentPolicy.CIFAR10, fill=None)": lambda t: t.AutoAugment(
        t.AutoAugmentPolicy.CIFAR10
    ),
    "RandAugment(num_ops=2, magnitude=9, num_magnitude_bins=31, "
    "interpolation=InterpolationMode.NEAREST, fill=None)": lambda t: t.RandAugment(),
    "TrivialAugmentWide(num_magnitude_bins=31, interpolation=InterpolationMode.NEAREST, "
    "fill=None)": lambda t: t.TrivialAugmentWide(),
    "AugMix(severity=3, mixture_width=3, chain_depth=-1, alpha=1.0, all_ops=True, "
    "interpolation=InterpolationMode.BILINEAR, fill=None)": lambda t: t.AugMix(),
    "FiveCrop(size=(3, 3))": lambda t: t.FiveCrop(3),
    "TenCrop(size=(3, 4), vertical_flip=True)": lambda t: t.TenCrop((3, 4), True),
    "RandomChoice(\n    RandomInvert(p=0.5)\n)(p=None)": lambda t: t.RandomChoice(
        [t.RandomInvert()]
    ),
    "RandomOrder(\n    RandomInvert(p=0.5)\n)": lambda t: t.RandomOrder([t.RandomInvert()]),
}


@pytest.mark.parametrize("text", REPRS)
def test_repr(text):
    assert repr(REPRS[text](transforms)) == text


CORNERS = [[0, 0]] * 4
REFUSED = {
    "rotation": (
        ValueError,
        "If degrees is a single number, it must be positive",
        lambda t, i: t.RandomRotation(-1),
    ),
    "rotation length": (
        ValueError,
        "degrees should be a sequence of length 2.",
        lambda t, i: t.RandomRotation((1, 2, 3)),
    ),
    "rotation type": (
        TypeError,
        "degrees should be a sequence of length 2.",
        lambda t, i: t.RandomRotation("x") if False else t.RandomRotation(None),
    ),
    "fill": (
        TypeError,
        "Fill should be either a sequence or a number",
        lambda t, i: t.RandomRotation(1, fill={}),
    ),
    "center": (
        TypeError,
        "center should be a sequence of length 2",
        lambda t, i: t.RandomRotation(1, center=3),
    ),
    "translate": (
        ValueError,
        "translation values should be between 0 and 1",
        lambda t, i: t.RandomAffine(1, (2, 0)),
    ),
    "scale": (
        ValueError,
        "scale values should be positive",
        lambda t, i: t.RandomAffine(1, None, (0, 1)),
    ),
    "shear": (
        ValueError,
        "shear should be a sequence of length 2 or 4.",
        lambda t, i: t.RandomAffine(1, None, None, (0, 1, 2)),
    ),
    "jitter": (
        ValueError,
        "If brightness is a single number, it must be non negative",
        lambda t, i: t.ColorJitter(-1),
    ),
    "jitter range": (
        ValueError,
        r"hue values should be between \(-0.5, 0.5\)",
        lambda t, i: t.ColorJitter(hue=0.6),
    ),
    "jitter type": (
        TypeError,
        "contrast should be a single number or a list/tuple with length 2",
        lambda t, i: t.ColorJitter(contrast="x"),
    ),
    "resized crop": (
        TypeError,
        "Scale should be a sequence",
        lambda t, i: t.RandomResizedCrop(3, 1),
    ),
    "resized ratio": (
        TypeError,
        "Ratio should be a sequence",
        lambda t, i: t.RandomResizedCrop(3, (0, 1), 1),
    ),
    "erasing value": (
        TypeError,
        "Argument value should be either a number or str or a sequence",
        lambda t, i: t.RandomErasing(value=None),
    ),
    "erasing text": (
        ValueError,
        "If value is str, it should be 'random'",
        lambda t, i: t.RandomErasing(value="x"),
    ),
    "erasing scale": (
        ValueError,
        "Scale should be between 0 and 1",
        lambda t, i: t.RandomErasing(scale=(0, 2)),
    ),
    "erasing p": (
        ValueError,
        "Random erasing probability should be between 0 and 1",
        lambda t, i: t.RandomErasing(2),
    ),
    "erasing channels": (
        ValueError,
        "If value is a sequence, it should have either a single value or 3",
        lambda t, i: t.RandomErasing(1, value=(1, 2))(i),
    ),
    "kernel": (
        ValueError,
        "Kernel size value should be an odd and positive number",
        lambda t, i: t.GaussianBlur(4),
    ),
    "kernel length": (
        ValueError,
        "Kernel size should be a tuple/list of two integers",
        lambda t, i: t.GaussianBlur((1, 3, 5)),
    ),
    "sigma": (
        ValueError,
        "If sigma is a single number, it must be positive",
        lambda t, i: t.GaussianBlur(3, 0),
    ),
    "sigma order": (
        ValueError,
        "sigma values should be positive and of the form",
        lambda t, i: t.GaussianBlur(3, (2, 1)),
    ),
    "sigma type": (
        ValueError,
        "sigma should be a single number or a list/tuple with length 2",
        lambda t, i: t.GaussianBlur(3, (2, 1, 3)),
    ),
    "blur size": (
        ValueError,
        "kernel_size should have odd and positive integers",
        lambda t, i: t.functional.gaussian_blur(i, 2),
    ),
    "blur type": (
        TypeError,
        "kernel_size should be int or a sequence of integers",
        lambda t, i: t.functional.gaussian_blur(i, "3"),
    ),
    "blur sigma": (
        ValueError,
        "sigma should have positive values",
        lambda t, i: t.functional.gaussian_blur(i, 3, 0.0),
    ),
    "blur picture": (
        TypeError,
        "img should be PIL Image or Tensor. Got",
        lambda t, i: t.functional.gaussian_blur("x", 3),
    ),
    "elastic alpha": (
        TypeError,
        "alpha should be float or a sequence of floats",
        lambda t, i: t.ElasticTransform(1),
    ),
    "elastic sigma": (
        ValueError,
        "If sigma is a sequence its length should be 2",
        lambda t, i: t.ElasticTransform(1.0, [1.0]),
    ),
    "elastic floats": (
        TypeError,
        "alpha should be a sequence of floats",
        lambda t, i: t.ElasticTransform([1, 2]),
    ),
    "displacement": (
        ValueError,
        "Argument displacement shape should be",
        lambda t, i: t.functional.elastic_transform(i, i),
    ),
    "displacement type": (
        TypeError,
        "Argument displacement should be a Tensor",
        lambda t, i: t.functional.elastic_transform(i, 1),
    ),
    "choice": (
        TypeError,
        "Argument transforms should be a sequence",
        lambda t, i: t.RandomChoice(3),
    ),
    "choice p": (
        TypeError,
        "Argument p should be a sequence",
        lambda t, i: t.RandomChoice([], p=3),
    ),
    "brightness": (
        ValueError,
        r"brightness_factor \(-1\) is not non-negative.",
        lambda t, i: t.functional.adjust_brightness(i, -1),
    ),
    "hue": (
        ValueError,
        r"hue_factor \(0.7\) is not in \[-0.5, 0.5\].",
        lambda t, i: t.functional.adjust_hue(i, 0.7),
    ),
    "gamma": (
        ValueError,
        "Gamma should be a non-negative real number",
        lambda t, i: t.functional.adjust_gamma(i, -0.7),
    ),
    "bits": (
        ValueError,
        "The number if bits should be between 0 and 8. Got 9",
        lambda t, i: t.functional.posterize(i, 9),
    ),
    "posterize floats": (
        TypeError,
        "Only torch.uint8 image tensors are supported",
        lambda t, i: t.functional.posterize(i / 255, 3),
    ),
    "threshold": (
        TypeError,
        "Threshold should be less than bound of img",
        lambda t, i: t.functional.solarize(i, 300),
    ),
    "channels": (
        TypeError,
        r"Input image tensor permitted channel values are",
        lambda t, i: t.functional.invert(i[:2]),
    ),
    "dimensions": (
        TypeError,
        "Input image tensor should have at least 3 dimensions, but found 2",
        lambda t, i: t.functional.autocontrast(i[0]),
    ),
    "equalize": (
        TypeError,
        "Input image tensor should have 3 or 4 dimensions, but found 2",
        lambda t, i: t.functional.equalize(i[0]),
    ),
    "no picture": (
        TypeError,
        "img should be PIL Image. Got",
        lambda t, i: t.functional.invert("x"),
    ),
    "erase": (
        TypeError,
        "img should be Tensor Image. Got",
        lambda t, i: t.functional.erase("x", 1, 1, 1, 1, 0),
    ),
    "rotate angle": (
        TypeError,
        "Argument angle should be int or float",
        lambda t, i: t.functional.rotate(i, "1"),
    ),
    "rotate center": (
        TypeError,
        "Argument center should be a sequence",
        lambda t, i: t.functional.rotate(i, 1, center=1),
    ),
    "rotate mode": (
        ValueError,
        "Interpolation mode 'bicubic' is unsupported with Tensor input",
        lambda t, i: t.functional.rotate(i, 1, t.InterpolationMode.BICUBIC),
    ),
    "rotate fill": (
        ValueError,
        "The number of elements in 'fill' cannot broadcast to match",
        lambda t, i: t.functional.rotate(i, 1, fill=[1, 2]),
    ),
    "affine translate": (
        ValueError,
        "Argument translate should be a sequence of length 2",
        lambda t, i: t.functional.affine(i, 1, [1], 1, 0),
    ),
    "affine translate type": (
        TypeError,
        "Argument translate should be a sequence",
        lambda t, i: t.functional.affine(i, 1, 1, 1, 0),
    ),
    "affine scale": (
        ValueError,
        "Argument scale should be positive",
        lambda t, i: t.functional.affine(i, 1, [1, 1], 0, 0),
    ),
    "affine shear": (
        TypeError,
        "Shear should be either a single value or a sequence",
        lambda t, i: t.functional.affine(i, 1, [1, 1], 1, "x"),
    ),
    "affine shears": (
        ValueError,
        "Shear should be a sequence containing two values",
        lambda t, i: t.functional.affine(i, 1, [1, 1], 1, [1, 2, 3]),
    ),
    "perspective": (
        ValueError,
        "Please provide exactly four corners, got 3 startpoints and 4 endpoints",
        lambda t, i: t.functional.perspective(i, CORNERS[:3], CORNERS),
    ),
    "five crop": (
        ValueError,
        r"Requested crop size \(99, 99\) is bigger than input size \(12, 15\)",
        lambda t, i: t.functional.five_crop(i, 99),
    ),
    "grayscale": (
        TypeError,
        "Input should be PIL Image",
        lambda t, i: t.functional.to_grayscale(i),
    ),
    "whitening": (
        ValueError,
        r"transformation_matrix should be square. Got \(2, 3\) rectangular",
        lambda t, i: t.LinearTransformation(i[0, :2, :3], i[0, 0, :2]),
    ),
    "whitening mean": (
        ValueError,
        "mean_vector should have the same length 3",
        lambda t, i: t.LinearTransformation(i[0, :2, :2], i[0, 0, :3]),
    ),
    "whitening dtype": (
        ValueError,
        "Input tensors should have the same dtype",
        lambda t, i: t.LinearTransformation(i[0, :2, :2], i[0, 0, :2].float()),
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    kind, message, call = REFUSED[name]
    with pytest.raises(kind, match=message):
        call(transforms, image_tensor(3, 12, 15))


def test_ranges_the_wrong_way_round_warn():
    for make in (
        lambda: transforms.RandomResizedCrop(3, (1, 0.5)),
        lambda: transforms.RandomErasing(ratio=(3, 1)),
    ):
        with pytest.warns(UserWarning, match=r"Scale and ratio should be of kind \(min, max\)"):
            make()


# --- beside torchvision ---------------------------------------------------------------------------

BESIDE = {
    "rotation": lambda t: t.RandomRotation(40, fill=3),
    "rotation_bilinear": lambda t: t.RandomRotation((10, 80), t.InterpolationMode.BILINEAR),
    "rotation_expand": lambda t: t.RandomRotation(70, expand=True),
    "rotation_center": lambda t: t.RandomRotation(70, center=(2, 3)),
    "affine": lambda t: t.RandomAffine(30, (0.1, 0.2), (0.7, 1.4), (-5, 5, -10, 10)),
    "affine_bilinear": lambda t: t.RandomAffine(
        30, (0.1, 0.2), (0.7, 1.4), 10, t.InterpolationMode.BILINEAR, fill=9, center=(1, 2)
    ),
    "perspective": lambda t: t.RandomPerspective(p=0.8),
    "perspective_nearest": lambda t: t.RandomPerspective(
        0.3, 1, t.InterpolationMode.NEAREST, fill=50
    ),
    "jitter": lambda t: t.ColorJitter(0.4, 0.4, 0.4, 0.2),
    "resized_crop": lambda t: t.RandomResizedCrop(6),
    "resized_crop_bicubic": lambda t: t.RandomResizedCrop(
        (8, 5), (0.5, 0.9), (0.9, 1.1), t.InterpolationMode.BICUBIC
    ),
    "grey": lambda t: t.RandomGrayscale(0.6),
    "blur": lambda t: t.GaussianBlur((5, 3)),
    "invert": lambda t: t.RandomInvert(0.7),
    "posterize": lambda t: t.RandomPosterize(3),
    "solarize": lambda t: t.RandomSolarize(0.6),
    "sharpness": lambda t: t.RandomAdjustSharpness(2),
    "autocontrast": lambda t: t.RandomAutocontrast(0.8),
    "equalize": lambda t: t.RandomEqualize(0.8),
    "elastic": lambda t: t.ElasticTransform([20.0, 5.0], [1.0, 0.7], fill=7),
    "trivial": lambda t: t.TrivialAugmentWide(),
    "trivial_bilinear": lambda t: t.TrivialAugmentWide(
        interpolation=t.InterpolationMode.BILINEAR, fill=12
    ),
    "rand_augment": lambda t: t.RandAugment(3, 20),
    "auto_augment": lambda t: t.AutoAugment(),
    "auto_augment_cifar": lambda t: t.AutoAugment(t.AutoAugmentPolicy.CIFAR10, fill=9),
    "auto_augment_svhn": lambda t: t.AutoAugment(t.AutoAugmentPolicy.SVHN),
    "augmix": lambda t: t.AugMix(),
    "augmix_short": lambda t: t.AugMix(5, 2, 2, 0.5, False),
    "erasing": lambda t: t.RandomErasing(0.8, value="random"),
    "choice": lambda t: t.RandomChoice([t.CenterCrop(3), t.Pad(1)], p=[1, 2]),
    "order": lambda t: t.RandomOrder([t.CenterCrop(5), t.Pad(1), t.RandomHorizontalFlip()]),
    "five_crop": lambda t: lambda img: t.FiveCrop(4)(img)[3],
    "gamma": lambda t: lambda img: t.functional.adjust_gamma(img, 0.7, 1.2),
}


def outcome(call, img, library):
    """What a call gives and what is drawn next, or the class of its error."""
    random.seed(3)
    try:
        result = call(img)
    except Exception as error:
        return type(error)
    mode = result.mode if isinstance(result, Image.Image) else None
    array = np.asarray(result) if mode else result.numpy()
    return mode, array, library.rand(1).item()


@pytest.mark.compare
@pytest.mark.parametrize("name", BESIDE)
@pytest.mark.parametrize(
    "kind", ["RGB", "L", "RGBA", "P", "1", "I;16", "uint8", "float32", "int16"]
)
def test_beside_torchvision(torchvision, name, kind):
    import torch

    ours, theirs = BESIDE[name](transforms), BESIDE[name](torchvision.transforms)
    for seed, shape in enumerate([(12, 15), (9, 9), (17, 6), (12, 12)]):
        if kind == "I;16":
            pixels = np.random.default_rng(seed).integers(0, 60000, shape).astype(np.uint16)
            a = b = Image.fromarray(pixels)
        elif kind in ("uint8", "float32", "int16"):
            a = image_tensor(3, *shape, dtype=kind, seed=seed)
            b = torch.from_numpy(a.numpy().copy())
        else:
            a = b = picture(kind, *shape, seed=seed)
        mt.manual_seed(seed)
        torch.manual_seed(seed)
        x, y = outcome(ours, a, mt), outcome(theirs, b, torch)
        if isinstance(x, type) or isinstance(y, type):
            # numpy.uint16 has no tensor type here
            assert x is y or (kind == "I;16" and x is TypeError)
            continue
        assert x[0] == y[0] and x[2] == y[2]
        assert x[1].dtype == y[1].dtype and x[1].shape == y[1].shape
        if x[1].dtype.kind == "f":
            np.testing.assert_allclose(x[1], y[1], rtol=2e-6, atol=4e-6)
        else:
            exact = x[0] is not None and "mix" not in name
            np.testing.assert_allclose(
                x[1].astype(float),
                y[1].astype(float),
                rtol=0 if exact else 1e-6,
                atol=0 if exact else 1,
            )


@pytest.mark.compare
def test_reprs_beside_torchvision(torchvision):
    for text, make in REPRS.items():
        assert repr(make(torchvision.transforms)) == text


@pytest.mark.compare
@pytest.mark.parametrize("name", REFUSED)
def test_refused_beside_torchvision(torchvision, name):
    import torch

    kind, message, call = REFUSED[name]
    with pytest.raises(kind, match=message):
        call(torchvision.transforms, torch.from_numpy(image_tensor(3, 12, 15).numpy()))


@pytest.mark.compare
def test_names_and_signatures_beside_torchvision(torchvision):
    theirs = torchvision.transforms
    assert set(theirs.transforms.__all__) == set(transforms.transforms.__all__)
    assert set(theirs.autoaugment.__all__) == set(transforms.autoaugment.__all__)
    for name in (*theirs.transforms.__all__, *theirs.autoaugment.__all__):
        a, b = getattr(transforms, name), getattr(theirs, name)
        assert list(inspect.signature(a).parameters) == list(inspect.signature(b).parameters), name
        if hasattr(b, "get_params"):
            assert list(inspect.signature(a.get_params).parameters) == list(
                inspect.signature(b.get_params).parameters
            ), name
    for name, function in vars(theirs.functional).items():
        if inspect.isfunction(function) and not name.startswith("_"):
            ours = getattr(F, name)
            assert list(inspect.signature(ours).parameters) == list(
                inspect.signature(function).parameters
            ), name
    for policy in theirs.AutoAugmentPolicy:
        ours = transforms.AutoAugment(transforms.AutoAugmentPolicy[policy.name]).policies
        assert ours == theirs.AutoAugment(policy).policies
