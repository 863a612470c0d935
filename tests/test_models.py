"""vision.models: the networks are torchvision's, layer by layer, and so are their first weights."""

import doctest
import hashlib
import importlib
import inspect
import io
import urllib.error
import warnings

import numpy as np
import pytest

import minitorch as mt
from minitorch import hub, nn
from minitorch.vision import models
from minitorch.vision.models._utils import IntermediateLayerGetter, make_divisible
from tests.samples.models import DIGESTS


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@pytest.fixture
def undrawn(monkeypatch):
    """Layers keep the memory they got: what a network is like shows without drawing weights."""
    for name in dir(nn.init):
        if name.endswith("_") and not name.startswith("_"):
            monkeypatch.setattr(nn.init, name, lambda tensor, *args, **kwargs: tensor)


def test_the_list_of_models():
    assert models.list_models() == sorted(DIGESTS)
    segmenting = models.list_models(models.segmentation)
    assert segmenting == ["deeplabv3_mobilenet_v3_large"] + [
        f"{kind}_resnet{depth}" for kind in ("deeplabv3", "fcn") for depth in (101, 50)
    ] + ["lraspp_mobilenet_v3_large"]
    assert models.list_models(models) == sorted(set(DIGESTS) - set(segmenting))
    assert models.list_models(mt.nn) == []
    assert models.list_models(include="resnet1*") == ["resnet101", "resnet152", "resnet18"]
    assert models.list_models(include=["vgg1?", "alex*"], exclude=["*9", "vgg11"]) == [
        "alexnet",
        "vgg13",
        "vgg16",
    ]
    for name in DIGESTS:
        home = models.segmentation if name in segmenting else models
        assert getattr(home, name) is models.get_model_builder(name)


@pytest.mark.filterwarnings("ignore:The default weight initialization:FutureWarning")
@pytest.mark.parametrize("name", DIGESTS)
def test_structure(name, undrawn):
    """Names, shapes and order of the state, the printed text, and the number of parameters."""
    segmenting = name in models.list_models(models.segmentation)
    model = models.get_model(name, **({"weights_backbone": None} if segmenting else {}))
    state = "\n".join(f"{key} {tuple(value.shape)}" for key, value in model.state_dict().items())
    assert (digest(state), digest(repr(model))) == DIGESTS[name]
    weights = models.get_model_weights(name).DEFAULT
    # Weights have their own: of vit_h_14 for larger pictures, of googlenet without its classifiers,
    # of a network for segmentation with the auxiliary one.
    if name not in ("googlenet", "vit_h_14") and not segmenting:
        count = sum(parameter.numel() for parameter in model.parameters())
        assert count == weights.meta["num_params"]
    assert inspect.getdoc(models.get_model_builder(name)).endswith(f".{name}.")


@pytest.mark.parametrize(
    "module", ["models._utils", "models.feature_extraction", "ops.boxes", "ops.misc"]
)
def test_examples(module):
    found = doctest.testmod(importlib.import_module(f"minitorch.vision.{module}"))
    assert found.attempted and not found.failed


# --- weights --------------------------------------------------------------------------------------


def test_weights_know_where_they_are_and_what_they_name():
    weights = models.ResNet50_Weights.DEFAULT
    assert weights is models.ResNet50_Weights.IMAGENET1K_V2
    assert weights is models.get_weight("ResNet50_Weights.IMAGENET1K_V2")
    assert weights is models.get_model_weights("resnet50").verify("DEFAULT")
    assert models.get_model_weights(models.resnet50) is models.ResNet50_Weights
    assert repr(weights) == str(weights) == "ResNet50_Weights.IMAGENET1K_V2"
    assert weights.url.endswith("/resnet50-11ad3fa6.pth")
    categories = weights.meta["categories"]
    assert len(categories) == len(set(categories)) == 1000
    assert (categories[0], categories[207], categories[-1]) == (
        "tench",
        "golden retriever",
        "toilet tissue",
    )
    assert weights.value == models.Weights(weights.url, weights.transforms, weights.meta)


def test_weights_are_checked():
    with pytest.raises(ValueError, match="Invalid weight name provided: 'ResNet50_Weights'"):
        models.get_weight("ResNet50_Weights")
    with pytest.raises(ValueError, match="'Nothing_Weights' for the specific method"):
        models.get_weight("Nothing_Weights.DEFAULT")
    with pytest.raises(KeyError):
        models.get_weight("ResNet50_Weights.V9")
    with pytest.raises(ValueError, match="Unknown model resnet51"):
        models.get_model("resnet51")
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received ResNet34_Weights"):
        models.resnet18(weights=models.ResNet34_Weights.DEFAULT)
    with pytest.raises(ValueError, match="'num_classes' expected value 1000 but got 10 instead"):
        models.resnet18(weights="DEFAULT", num_classes=10)


def test_transforms_prepare_a_picture():
    prepare = models.ResNet18_Weights.DEFAULT.transforms()
    pixels = mt.full((3, 300, 400), 255, dtype=mt.uint8)
    prepared = prepare(pixels)
    assert prepared.shape == (3, 224, 224)
    expected = [(1 - m) / s for m, s in zip(prepare.mean, prepare.std, strict=True)]
    assert np.allclose(prepared[:, 0, 0], expected, atol=1e-6)
    assert np.allclose(prepare(pixels.to(mt.float32) / 255), prepared, atol=1e-6)
    assert prepare(pixels.expand(2, 3, 300, 400)).shape == (2, 3, 224, 224)
    assert "crop_size=[224]\n    resize_size=[256]\n" in repr(prepare)
    assert "resize_size=[256]" in prepare.describe()
    large = models.ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1.transforms()
    assert large(pixels).shape == (3, 384, 384)
    assert large.interpolation.value == "bicubic"


@pytest.fixture
def checkpoints(tmp_path, monkeypatch):
    """The hub's folder, empty; there is no network."""

    def refuse(request):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr(hub, "_chosen_dir", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", refuse)
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


def test_weights_are_loaded_from_the_hubs_folder(checkpoints, undrawn):
    made = models.squeezenet1_1()
    for parameter in made.parameters():
        parameter.data.fill_(0.5)
    mt.save(made.state_dict(), checkpoints / "squeezenet1_1-b8a52dc0.pth")
    for weights in ("DEFAULT", "IMAGENET1K_V1", models.SqueezeNet1_1_Weights.DEFAULT):
        model = models.squeezenet1_1(weights=weights, progress=False)
        assert all((parameter == 0.5).all() for parameter in model.parameters())
    with pytest.warns(UserWarning) as caught:
        model = models.squeezenet1_1(pretrained=True)
    assert "The parameter 'pretrained' is deprecated" in str(caught[0].message)
    assert "`weights=SqueezeNet1_1_Weights.IMAGENET1K_V1`. You can" in str(caught[1].message)
    assert model.classifier[1].weight[0, 0, 0, 0] == 0.5
    with pytest.warns(UserWarning, match="'weights' as positional parameter"):
        warnings.filterwarnings("ignore", "Arguments other than")
        assert models.squeezenet1_1(True).features[0].weight[0, 0, 0, 0] == 0.5
    with pytest.warns(UserWarning, match="equivalent to passing `weights=None`.$"):
        warnings.filterwarnings("ignore", "The parameter 'pretrained'")
        models.squeezenet1_1(pretrained=False)


def test_missing_weights_name_their_file(checkpoints, undrawn):
    with pytest.raises(urllib.error.URLError) as caught:
        models.squeezenet1_0(weights="DEFAULT")
    assert str(checkpoints / "squeezenet1_0-b66bff10.pth") in str(caught.value)
    with pytest.raises(ValueError, match="No weights available for model vit_h_14"):
        models.vit_h_14(pretrained=True)


def test_densenets_old_names_are_read(checkpoints, undrawn):
    made = models.densenet121().state_dict()
    old = {}
    for key, value in made.items():
        if "denselayer" in key:
            key = key.replace("norm1", "norm.1").replace("conv2", "conv.2")
            key = key.replace("norm2", "norm.2").replace("conv1", "conv.1")
        old[key] = value
    assert set(old) != set(made)
    mt.save(old, checkpoints / "densenet121-a639ec97.pth")
    state = models.densenet121(weights="DEFAULT").state_dict()
    assert list(state) == list(made)


def test_weights_say_how_their_model_is_made(checkpoints, undrawn, monkeypatch):
    made = models.vit_b_16(image_size=384)
    with monkeypatch.context() as patch:  # rather than write and read 350 MB
        patch.setattr(models.WeightsEnum, "get_state_dict", lambda *a, **k: made.state_dict())
        assert models.vit_b_16(weights="IMAGENET1K_SWAG_E2E_V1").image_size == 384
    mt.save(
        models.googlenet(init_weights=False).state_dict(), checkpoints / "googlenet-1378be20.pth"
    )
    model = models.googlenet(weights="DEFAULT")
    assert model.transform_input and model.aux1 is None and not model.aux_logits
    with pytest.warns(UserWarning, match="auxiliary heads"):
        assert models.googlenet(weights="DEFAULT", aux_logits=True).aux1 is not None


# --- what they compute ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [("shufflenet_v2_x0_5", {}), ("mnasnet0_5", {"dropout": 0}), ("squeezenet1_1", {"dropout": 0})],
)
def test_a_model_can_be_trained(name, options):
    mt.manual_seed(0)
    model = models.get_model(name, num_classes=3, **options)
    x, y = mt.randn(4, 3, 40, 40), mt.tensor([0, 1, 2, 0])
    optimizer = mt.optim.Adam(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(4):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_a_residual_block_begins_as_the_identity():
    from minitorch.vision.models.resnet import BasicBlock, Bottleneck, ResNet

    model = ResNet(Bottleneck, [1, 2, 1, 1], zero_init_residual=True).eval()
    x = mt.rand(1, 512, 4, 4)
    assert mt.equal(model.layer2[1](x), x)
    with pytest.raises(ValueError, match="3-element tuple"):
        ResNet(BasicBlock, [1, 1, 1, 1], replace_stride_with_dilation=[True])
    with pytest.raises(NotImplementedError, match="Dilation > 1"):
        BasicBlock(4, 4, dilation=2)
    with pytest.raises(ValueError, match="groups=1 and base_width=64"):
        BasicBlock(4, 4, groups=2)


def test_dilation_keeps_the_size():
    from minitorch.vision.models.resnet import Bottleneck, ResNet

    dilate = [False, True, True]
    model = ResNet(Bottleneck, [1, 1, 1, 1], replace_stride_with_dilation=dilate)
    getter = IntermediateLayerGetter(model, {"layer2": "a", "layer4": "b"})
    with mt.no_grad():
        out = getter(mt.rand(1, 3, 64, 64))
    assert [(name, tuple(x.shape[2:])) for name, x in out.items()] == [("a", (8, 8)), ("b", (8, 8))]
    with pytest.raises(ValueError, match="return_layers are not present"):
        IntermediateLayerGetter(model, {"layer5": "a"})


def test_auxiliary_classifiers_speak_in_training_only():
    model = models.googlenet(num_classes=4, init_weights=False, transform_input=True)
    with mt.no_grad():
        out = model(mt.rand(2, 3, 64, 64))
        assert type(out).__name__ == "GoogLeNetOutputs"
        assert [tuple(part.shape) for part in out] == [(2, 4)] * 3
        assert model.eval()(mt.rand(1, 3, 64, 64)).shape == (1, 4)
    with pytest.warns(FutureWarning, match="initialization of GoogleNet will be changed"):
        models.googlenet()


def test_vision_transformers_check_their_input(undrawn):
    from minitorch.vision.models.vision_transformer import ConvStemConfig, VisionTransformer

    options = {"num_layers": 1, "num_heads": 2, "hidden_dim": 8, "mlp_dim": 16, "num_classes": 3}
    with pytest.raises(AssertionError, match="indivisible by patch size"):
        VisionTransformer(30, 16, **options)
    stem = [ConvStemConfig(4, 3, 2), ConvStemConfig(6, 3, 2)]
    model = VisionTransformer(16, 4, representation_size=5, conv_stem_configs=stem, **options)
    assert [name for name, _ in model.conv_proj.named_children()] == [
        "conv_bn_relu_0",
        "conv_bn_relu_1",
        "conv_last",
    ]
    assert model(mt.rand(2, 3, 16, 16)).shape == (2, 3)
    with pytest.raises(AssertionError, match="Wrong image width! Expected 16 but got 20!"):
        model(mt.rand(2, 3, 16, 20))


def test_positions_for_another_size():
    from minitorch.vision.models.vision_transformer import interpolate_embeddings

    state = {"encoder.pos_embedding": mt.rand(1, 10, 4), "heads.head.weight": mt.rand(2, 4)}
    assert interpolate_embeddings(48, 16, dict(state))["encoder.pos_embedding"].shape == (1, 10, 4)
    larger = interpolate_embeddings(64, 16, dict(state), reset_heads=True)
    assert list(larger) == ["encoder.pos_embedding"]
    old, new = state["encoder.pos_embedding"], larger["encoder.pos_embedding"]
    assert new.shape == (1, 17, 4)
    # Class token and corners stay.
    assert np.allclose(new[0, [0, 1, 4, 13, 16]], old[0, [0, 1, 3, 7, 9]], atol=1e-6)
    with pytest.raises(ValueError, match="not a perfect square"):
        interpolate_embeddings(64, 16, {"encoder.pos_embedding": mt.rand(1, 9, 4)})


def test_windows_are_put_together_again():
    from minitorch.vision.models import swin_transformer as swin

    x = mt.arange(2 * 4 * 6 * 3).reshape(2, 4, 6, 3)
    windows = swin._windows(x, [2, 3])
    assert windows.shape == (8, 6, 3)
    assert mt.equal(windows[1], x[0, :2, 3:].reshape(6, 3))
    assert mt.equal(swin._joined(windows, [2, 3], 4, 6), x)
    # A picture that one window holds is not shifted: its attention is the same as unshifted.
    mt.manual_seed(0)
    attention = swin.ShiftedWindowAttention(4, [4, 4], [2, 2], 2)
    picture = mt.rand(1, 4, 4, 4)
    shifted = attention(picture)
    attention.shift_size = [0, 0]
    assert mt.equal(attention(picture), shifted)
    with pytest.raises(ValueError, match="must be of length 2"):
        swin.ShiftedWindowAttention(4, [4], [2], 2)


def test_attention_does_not_cross_the_edges_of_a_shifted_picture():
    from minitorch.vision.models.swin_transformer import ShiftedWindowAttention

    mt.manual_seed(0)
    attention = ShiftedWindowAttention(4, [2, 2], [1, 1], 2)
    picture = mt.rand(1, 4, 4, 4, requires_grad=True)
    attention(picture)[0, 0, 0].sum().backward()
    reached = picture.grad[0].abs().sum(-1) > 1e-9
    assert reached.nonzero().tolist() == [[0, 0]]  # the corner is alone in its window
    picture.grad = None
    attention(picture)[0, 1, 1].sum().backward()
    reached = picture.grad[0].abs().sum(-1) > 1e-9
    assert reached.nonzero().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]


def test_grids_hold_positions_far_apart():
    from minitorch.vision.models import maxvit

    x = mt.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    cut, join = maxvit.WindowPartition(), maxvit.WindowDepartition()
    windows = cut(x, 2)
    assert windows[0, 0, :, 0].tolist() == [0, 1, 4, 5]
    assert maxvit.SwapAxes(-2, -3)(windows)[0, 0, :, 0].tolist() == [0, 2, 8, 10]
    assert mt.equal(join(windows, 2, 2, 2), x)
    with pytest.raises(ValueError, match="is not divisible by partition size 3"):
        maxvit.MaxVit((32, 32), 8, 3, [8], [1], 4, 0.1)
    with pytest.raises(ValueError, match="must be divisible by head_dim"):
        maxvit.RelativePositionalMultiHeadAttention(6, 4, 4)


def test_regnet_settings_are_checked():
    from minitorch.vision.models.regnet import BlockParams

    params = BlockParams.from_init_params(depth=16, w_0=48, w_a=27.89, w_m=2.09, group_width=8)
    assert params.depths == [1, 3, 6, 6] and params.widths == [48, 104, 208, 440]
    for settings in ((16, 48, -1.0, 2.0, 8), (16, 47, 1.0, 2.0, 8), (16, 48, 1.0, 1.0, 8)):
        with pytest.raises(ValueError, match="Invalid RegNet settings"):
            BlockParams.from_init_params(*settings)


def test_segmentation_says_something_of_every_pixel(checkpoints, undrawn):
    from minitorch.vision.models import segmentation

    backbone = models.mobilenet_v3_large().state_dict()
    for value in backbone.values():
        value.fill_(0.25)
    mt.save(backbone, checkpoints / "mobilenet_v3_large-8738ca79.pth")
    model = segmentation.lraspp_mobilenet_v3_large(num_classes=3)
    assert model.backbone["0"][0].weight[0, 0, 0, 0] == 0.25  # loaded unasked, as torchvision does
    with mt.no_grad():
        assert model.eval()(mt.rand(2, 3, 33, 48))["out"].shape == (2, 3, 33, 48)
    with pytest.raises(NotImplementedError, match="does not use auxiliary loss"):
        segmentation.lraspp_mobilenet_v3_large(aux_loss=True)
    with pytest.warns(UserWarning, match="weights_backbone"):
        model = segmentation.deeplabv3_mobilenet_v3_large(pretrained_backbone=False, aux_loss=True)
    with mt.no_grad():
        out = model.eval()(mt.rand(1, 3, 32, 32))
    assert {name: tuple(x.shape) for name, x in out.items()} == {
        "out": (1, 21, 32, 32),
        "aux": (1, 21, 32, 32),
    }
    mt.save(model.state_dict(), checkpoints / "deeplabv3_mobilenet_v3_large-fc3c493d.pth")
    loaded = segmentation.deeplabv3_mobilenet_v3_large(weights="DEFAULT")
    assert loaded.aux_classifier is not None
    count = sum(parameter.numel() for parameter in loaded.parameters())
    assert count == segmentation.DeepLabV3_MobileNet_V3_Large_Weights.DEFAULT.meta["num_params"]
    with pytest.raises(ValueError, match="'num_classes' expected value 21 but got 3 instead"):
        segmentation.deeplabv3_mobilenet_v3_large(weights="DEFAULT", num_classes=3)


def test_make_divisible():
    assert [make_divisible(v, 8) for v in (3, 12, 19, 20, 30)] == [8, 16, 24, 24, 32]
    assert make_divisible(3, 8, min_value=16) == 16


def test_old_transformer_states_are_renamed():
    from minitorch.vision.models.vision_transformer import MLPBlock

    block = MLPBlock(2, 3, 0.0)
    state = block.state_dict()
    names = {"0.weight": "linear_1.weight", "0.bias": "linear_1.bias"}
    names |= {"3.weight": "linear_2.weight", "3.bias": "linear_2.bias"}
    old = {names[key]: value for key, value in state.items()}
    other = MLPBlock(2, 3, 0.0)
    other.load_state_dict(old)
    assert mt.equal(other[3].bias, block[3].bias)


# --- what modules inside compute ------------------------------------------------------------------


def test_features_of_modules_inside():
    from minitorch.vision.models.feature_extraction import create_feature_extractor

    model = models.resnet18(num_classes=3).eval()
    nodes = {"layer1.0.relu": "first", "layer1.0.relu_1": "second", "layer2": "third"}
    extractor = create_feature_extractor(model, nodes)
    ran = []
    model.layer3.register_forward_hook(lambda *call: ran.append(call))
    x = mt.rand(1, 3, 32, 32)
    with mt.no_grad():
        out = extractor(x)
        start = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        second = model.layer1[0](start)
        assert not ran  # what nobody asked for is not computed
        model(x)
    assert list(out) == ["first", "second", "third"] and ran
    assert mt.equal(out["second"], second)
    assert mt.equal(out["third"], model.layer2(model.layer1(start)))
    assert not model.layer1._forward_hooks
    assert list(extractor.state_dict()) == list(model.state_dict())
    assert repr(extractor) == repr(model)


def test_features_in_training_and_evaluation():
    from minitorch.vision.models.feature_extraction import create_feature_extractor

    model = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.Linear(3, 1))
    extractor = create_feature_extractor(
        model, train_return_nodes=["0"], eval_return_nodes={"1": "kept", "2": "out"}
    )
    x = mt.ones(1, 2)
    assert list(extractor(x)) == ["0"]
    out = extractor.eval()(x)
    assert list(out) == ["kept", "out"] and not model.training
    assert mt.equal(out["kept"], model[0](x))
    with pytest.raises(ValueError, match="nodes were not computed: .'0_1'"):
        create_feature_extractor(model, ["0", "0_1"])(x)
    with pytest.raises(ValueError, match="node: 'flatten' is not present in model. Hint"):
        create_feature_extractor(model, ["flatten"])
    with pytest.raises(ValueError, match="Either `return_nodes` or"):
        create_feature_extractor(model)
    with pytest.raises(ValueError, match="If any of"):
        create_feature_extractor(model, train_return_nodes=["0"])
    with pytest.raises(ValueError, match="are specified, then both"):
        create_feature_extractor(model, ["0"], ["0"], ["0"])


@pytest.mark.compare
def test_features_beside_torchvision():
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    from torchvision.models import feature_extraction as theirs

    from minitorch.vision.models import feature_extraction as ours

    nodes = {"layer2.1.relu_1": "late", "layer1": "early", "avgpool": "mean", "relu": "stem"}
    found = []
    for library, zoo, extraction in (
        (mt, models, ours),
        (torch, torchvision.models, theirs),
    ):
        library.manual_seed(0)
        extractor = extraction.create_feature_extractor(zoo.resnet18().eval(), nodes)
        with library.no_grad():
            out = extractor(library.ones(1, 3, 40, 40))
        found.append({name: value.numpy() for name, value in out.items()})
    assert list(found[0]) == list(found[1])
    for name, value in found[1].items():
        assert np.allclose(found[0][name], value, atol=1e-4)


# --- beside torchvision ---------------------------------------------------------------------------


def small_convnext(zoo):
    setting = [zoo.convnext.CNBlockConfig(8, 16, 2), zoo.convnext.CNBlockConfig(16, None, 3)]
    return zoo.ConvNeXt(setting, stochastic_depth_prob=0.5, layer_scale=0.1, num_classes=5)


def small_transformer(zoo):
    model = zoo.VisionTransformer(
        32, 8, 3, 2, 16, 24, 0.1, 0.1, num_classes=5, representation_size=12
    )
    model.heads.head.reset_parameters()  # zeros would hide everything
    return model


def small_swin(zoo, version):
    parts = {}
    if version == 2:
        parts["block"] = zoo.swin_transformer.SwinTransformerBlockV2
        parts["downsample_layer"] = zoo.swin_transformer.PatchMergingV2
    return zoo.SwinTransformer(
        [2, 2], 8, [2, 3], [2, 4], [5, 5], dropout=0.1, attention_dropout=0.1, **parts
    )


def small_maxvit(zoo):
    return zoo.MaxVit((32, 32), 8, 2, [8, 16], [1, 2], 4, 0.3, attention_dropout=0.1, num_classes=3)


#: Some of each family, and the side of the pictures that they take here.
COMPARED = {
    "convnext": (small_convnext, 48),
    "deeplabv3": (
        lambda zoo: zoo.segmentation.deeplabv3_mobilenet_v3_large(
            weights_backbone=None, aux_loss=True, num_classes=4
        ),
        40,
    ),
    "densenet": (lambda zoo: zoo.DenseNet(8, (2, 3, 2, 2), 16, drop_rate=0.2), 64),
    "efficientnet_b0": (lambda zoo: zoo.efficientnet_b0(num_classes=5), 40),
    "efficientnet_v2_s": (lambda zoo: zoo.efficientnet_v2_s(dropout=0.5), 33),
    "googlenet": (lambda zoo: zoo.googlenet(init_weights=True, transform_input=True), 64),
    "inception_v3": (lambda zoo: zoo.inception_v3(init_weights=False, transform_input=True), 75),
    "maxvit": (small_maxvit, 32),
    "mnasnet0_5": (lambda zoo: zoo.mnasnet0_5(), 64),
    "mobilenet_v2": (lambda zoo: zoo.mobilenet_v2(width_mult=0.5), 64),
    "mobilenet_v3_large": (lambda zoo: zoo.mobilenet_v3_large(reduced_tail=True, dilated=True), 64),
    "mobilenet_v3_small": (lambda zoo: zoo.mobilenet_v3_small(width_mult=0.75), 64),
    "regnet_y_400mf": (lambda zoo: zoo.regnet_y_400mf(), 64),
    "resnet18": (lambda zoo: zoo.resnet18(num_classes=7), 64),
    "resnext": (lambda zoo: zoo.ResNet(zoo.resnet.Bottleneck, [1, 2, 1, 1], 9, True, 32, 4), 64),
    "shufflenet_v2_x0_5": (lambda zoo: zoo.shufflenet_v2_x0_5(), 64),
    "squeezenet1_0": (lambda zoo: zoo.squeezenet1_0(), 64),
    "swin": (lambda zoo: small_swin(zoo, 1), 25),
    "swin_v2": (lambda zoo: small_swin(zoo, 2), 25),
    "vit": (small_transformer, 32),
}


def flat(outputs):
    """The tensors that a model returns."""
    if isinstance(outputs, dict):
        return list(outputs.values())
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


@pytest.mark.compare
@pytest.mark.parametrize("name", COMPARED)
def test_the_same_seed_gives_torchvisions_network(name):
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    make, size = COMPARED[name]
    pixels = np.random.default_rng(0).standard_normal((2, 3, size, size), np.float32)
    results = []
    for library, zoo in ((mt, models), (torch, torchvision.models)):
        library.manual_seed(0)
        model = make(zoo)
        state = {key: value.numpy().copy() for key, value in model.state_dict().items()}
        x = library.from_numpy(pixels)
        with library.no_grad():
            # In training, inception_v3 takes large pictures only.
            trained = model(x) if name != "inception_v3" else ()
            outputs = flat(trained) + flat(model.eval()(x))
        drawn = library.rand(1).item()
        results.append((repr(model), state, [out.numpy() for out in outputs], drawn))
    ours, theirs = results
    assert ours[0] == theirs[0]
    assert list(ours[1]) == list(theirs[1])
    different = [key for key in ours[1] if not np.array_equal(ours[1][key], theirs[1][key])]
    assert not different
    for mine, expected in zip(ours[2], theirs[2], strict=True):
        assert np.abs(mine - expected).max() <= 1e-4 * max(1.0, np.abs(expected).max())
    assert ours[3] == theirs[3]  # dropout and all have drawn as often


@pytest.mark.compare
def test_weights_are_those_of_torchvision():
    torchvision = pytest.importorskip("torchvision")
    for name in models.list_models():
        ours = models.get_model_weights(name)
        theirs = torchvision.models.get_model_weights(name)
        assert ours.__name__ == theirs.__name__
        assert list(ours.__members__) == list(theirs.__members__)
        for mine, expected in zip(
            ours.__members__.values(), theirs.__members__.values(), strict=True
        ):
            assert mine.url == expected.url
            for key, value in mine.meta.items():
                if name != "vgg16" or key != "_metrics":  # some of vgg16's are nan
                    assert value == expected.meta[key], (name, key)
            assert repr(mine.transforms()) == repr(expected.transforms())


@pytest.mark.compare
def test_prepared_pictures_are_those_of_torchvision():
    torch = pytest.importorskip("torch")
    torchvision = pytest.importorskip("torchvision")
    image = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), np.uint8)
    file = io.BytesIO()
    image.fromarray(pixels).save(file, format="PNG")
    for weights in ("ResNet18_Weights.DEFAULT", "ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1"):
        ours = models.get_weight(weights).transforms()
        theirs = torchvision.models.get_weight(weights).transforms()
        picture = image.open(file)
        assert np.allclose(ours(picture), theirs(picture), atol=1e-6)
        chw = pixels.transpose(2, 0, 1).copy()
        mine, expected = ours(mt.from_numpy(chw)), theirs(torch.from_numpy(chw))
        assert np.abs(mine.numpy() - expected.numpy()).max() < 0.02  # a byte may differ by one
