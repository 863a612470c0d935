"""vision.datasets: every layout of files, written small; damaged and hostile ones; downloads.

Where torchvision is installed, each data set is read by it as well.
"""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import pathlib
import pickle
import struct
import tarfile
import urllib.error
import zipfile

import numpy as np
import pytest

import minitorch as mt
from minitorch.utils.data import DataLoader, default_collate
from minitorch.vision import datasets, transforms
from minitorch.vision.datasets import utils as files

Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def torchvision():
    return pytest.importorskip("torchvision")


def md5_of(path):
    return hashlib.md5(pathlib.Path(path).read_bytes()).hexdigest()


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def assert_same_samples(ours, theirs):
    assert len(ours) == len(theirs) and repr(ours) == repr(theirs)
    for i in range(len(ours)):
        (a, x), (b, y) = ours[i], theirs[i]
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
        assert type(a) is type(b) and getattr(a, "mode", None) == getattr(b, "mode", None)
        assert (np.asarray(x) == np.asarray(y)).all()
        assert isinstance(x, mt.Tensor) or type(x) is type(y)


# --- CIFAR ----------------------------------------------------------------------------------------


def write_cifar(root, cls, rows=4, protocol=2, sabotage=None):
    """Small batches in the layout of CIFAR; a subclass of ``cls`` that knows their MD5s."""
    folder = root / cls.base_folder
    folder.mkdir(parents=True)
    fine = "fine_label_names" == cls.meta["key"]
    lists = {"train_list": cls.train_list, "test_list": cls.test_list}
    for n, (name, _) in enumerate(cls.train_list + cls.test_list):
        labels = [(i + n) % 3 for i in range(rows)]
        batch = {
            "batch_label": name,
            "fine_labels" if fine else "labels": labels,
            "data": noise(rows, 3072, seed=n),
            "filenames": [f"{i}.png" for i in range(rows)],
        }
        content = pickle.dumps(batch, protocol) if sabotage is None else sabotage(batch)
        (folder / name).write_bytes(content)
    names = {cls.meta["key"]: ["a", "b", "c"], "num_vis": 3072}
    (folder / cls.meta["filename"]).write_bytes(pickle.dumps(names, protocol))
    attributes = {
        key: [[name, md5_of(folder / name)] for name, _ in value] for key, value in lists.items()
    }
    attributes["meta"] = {**cls.meta, "md5": md5_of(folder / cls.meta["filename"])}
    return attributes


def small(cls, attributes):
    """``cls`` with other files; a call makes a subclass of the same name."""
    return type(cls.__name__, (cls,), attributes)


@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_cifar(tmp_path, name, protocol):
    cls = small(
        getattr(datasets, name), write_cifar(tmp_path, getattr(datasets, name), 4, protocol)
    )
    train, test = cls(tmp_path), cls(str(tmp_path), train=False, download=True)
    assert len(train) == 4 * len(cls.train_list) and len(test) == 4
    assert train.classes == ["a", "b", "c"] and train.class_to_idx == {"a": 0, "b": 1, "c": 2}
    picture, target = train[1]
    assert picture.mode == "RGB" and picture.size == (32, 32) and type(target) is int
    expected = noise(4, 3072)[1].reshape(3, 32, 32).transpose(1, 2, 0)
    np.testing.assert_array_equal(np.asarray(picture), expected)
    assert target == 1 and train.targets[:4] == [0, 1, 2, 0]
    assert train.data.flags.writeable and train.data.dtype == np.uint8
    assert repr(test).splitlines() == [
        f"Dataset {name}",
        "    Number of datapoints: 4",
        f"    Root location: {tmp_path}",
        "    Split: Test",
    ]


def test_cifar_as_python_2_wrote_it(tmp_path):
    """Byte strings and an array whose bytes are a string, by hand: opcodes of protocol 2."""
    rows = noise(2, 3072).tobytes()
    batch = (
        b"\x80\x02}(U\x06labels](K\x01K\x00eU\x04datacnumpy.core.multiarray\n_reconstruct\n"
        b"(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01K\x02M\x00\x0c\x86cnumpy\ndtype\n"
        b"(U\x02u1K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<I", len(rows))
        + rows
        + b"tbu."
    )
    attributes = write_cifar(tmp_path, datasets.CIFAR10, sabotage=lambda _: batch)
    dataset = small(datasets.CIFAR10, attributes)(tmp_path)
    assert dataset.targets == [1, 0] * 5
    np.testing.assert_array_equal(
        dataset.data[0], noise(2, 3072)[0].reshape(3, 32, 32).transpose(1, 2, 0)
    )


class Hostile:
    def __reduce__(self):
        return os.mkdir, (os.environ["HOSTILE"],)


class Stranger:
    pass


@pytest.mark.parametrize(
    "spoil",
    [
        lambda batch: {**batch, "data": Hostile()},
        lambda batch: {**batch, "data": np.array([None, "x"], dtype=object)},
        lambda batch: {**batch, "extra": Stranger()},
        lambda batch: {**batch, "extra": np.ndarray},
        lambda batch: {**batch, "extra": (1, 2)},
        lambda batch: {**batch, "extra": batch["data"].dtype},
        lambda batch: {**batch, "extra": eval},
    ],
)
def test_cifar_runs_nothing_of_its_files(tmp_path, monkeypatch, spoil):
    monkeypatch.setenv("HOSTILE", str(tmp_path / "made"))
    attributes = write_cifar(
        tmp_path, datasets.CIFAR10, sabotage=lambda batch: pickle.dumps(spoil(batch), 2)
    )
    with pytest.raises(ValueError, match="data_batch_1 is no pickle of plain data"):
        small(datasets.CIFAR10, attributes)(tmp_path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02", b"garbage", b"\x80\x02]q\x01.", b"\x80\x02]q\x00h\x00a."]
)
def test_cifar_damaged_file(tmp_path, content):
    attributes = write_cifar(tmp_path, datasets.CIFAR10, sabotage=lambda _: content)
    with pytest.raises((ValueError, TypeError)):
        small(datasets.CIFAR10, attributes)(tmp_path)


def test_cifar_is_absent_or_has_another_md5(tmp_path):
    with pytest.raises(
        RuntimeError,
        match="^Dataset not found or corrupted. You can use download=True to download it",
    ):
        datasets.CIFAR10(tmp_path)
    cls = small(datasets.CIFAR10, write_cifar(tmp_path, datasets.CIFAR10))
    (tmp_path / cls.base_folder / "test_batch").write_bytes(b"x")
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        cls(tmp_path)
    attributes = write_cifar(tmp_path / "b", datasets.CIFAR10)
    attributes["meta"]["md5"] = "0" * 32
    with pytest.raises(RuntimeError, match="Dataset metadata file not found or corrupted"):
        small(datasets.CIFAR10, attributes)(tmp_path / "b")


def test_cifar_download(tmp_path):
    attributes = write_cifar(tmp_path / "source", datasets.CIFAR10)
    archive = tmp_path / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "source" / "cifar-10-batches-py", "cifar-10-batches-py")
    cls = small(
        datasets.CIFAR10, {**attributes, "url": archive.as_uri(), "tgz_md5": md5_of(archive)}
    )
    assert len(cls(tmp_path / "new", download=True)) == 20
    cls.url = "file:///nowhere"  # what is there is not fetched again
    assert len(cls(tmp_path / "new", download=True)) == 20
    with pytest.raises(urllib.error.URLError, match="cannot download file:///nowhere"):
        cls(tmp_path / "other", download=True)


@pytest.mark.parametrize(
    "transform",
    [
        transforms.ToTensor(),
        transforms.Compose(
            [transforms.ToTensor(), transforms.Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))]
        ),
        transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor()]),
    ],
)
def test_cifar_batches_are_those_of_the_samples(tmp_path, transform):
    cls = small(datasets.CIFAR10, write_cifar(tmp_path, datasets.CIFAR10))
    dataset = cls(tmp_path, transform=transform)
    batches = []
    for collate in (None, lambda batch: default_collate(batch)):
        mt.manual_seed(1)
        batches.append(list(DataLoader(dataset, 3, shuffle=True, collate_fn=collate)))
    for fast, slow in zip(*batches, strict=True):
        for x, y in zip(fast, slow, strict=True):
            assert x.dtype is y.dtype and x.shape == y.shape and (x == y).all()


@pytest.mark.compare
@pytest.mark.parametrize("name", ["CIFAR10", "CIFAR100"])
def test_cifar_beside_torchvision(torchvision, tmp_path, name):
    ours, theirs = getattr(datasets, name), getattr(torchvision.datasets, name)
    for attribute in (
        "base_folder",
        "url",
        "filename",
        "tgz_md5",
        "train_list",
        "test_list",
        "meta",
    ):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
    attributes = write_cifar(tmp_path, ours)
    for train in (True, False):
        a, b = (small(cls, attributes)(tmp_path, train) for cls in (ours, theirs))
        assert_same_samples(a, b)
        np.testing.assert_array_equal(a.data, b.data)
        assert (a.targets, a.classes, a.class_to_idx) == (b.targets, b.classes, b.class_to_idx)
        assert a.data.strides == b.data.strides


# --- folders --------------------------------------------------------------------------------------


def write_folders(root):
    """Two classes of pictures, with a file that is none; returns how many pictures there are."""
    names = ["cat/b.png", "cat/a.JPG", "dog/deep/c.bmp", "dog/d.jpeg", "dog/e.ppm"]
    for n, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(5, 6, 3, seed=n)).save(path)
    (root / "cat" / "notes.txt").write_text("no picture")
    Image.fromarray(noise(4, 4)).save(root / "dog" / "grey.png")
    return len(names) + 1


def test_image_folder(tmp_path):
    count = write_folders(tmp_path)
    dataset = datasets.ImageFolder(tmp_path, target_transform=lambda target: -target)
    assert len(dataset) == count == len(dataset.imgs) == len(dataset.samples)
    assert dataset.classes == ["cat", "dog"] and dataset.class_to_idx == {"cat": 0, "dog": 1}
    assert dataset.targets == [0, 0, 1, 1, 1, 1]
    names = [os.path.relpath(path, tmp_path) for path, _ in dataset.samples]
    assert names[:3] == ["cat/a.JPG", "cat/b.png", "dog/d.jpeg"]
    for i in range(count):
        picture, target = dataset[i]
        assert picture.mode == "RGB" and target == -dataset.targets[i]
    texts = datasets.ImageFolder(
        tmp_path,
        loader=lambda path: pathlib.Path(path).name,
        is_valid_file=lambda path: path.endswith("txt"),
        allow_empty=True,
    )
    assert texts.samples == [(str(tmp_path / "cat" / "notes.txt"), 0)]
    assert texts[0] == ("notes.txt", 0)


def test_folder_errors(tmp_path):
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        datasets.ImageFolder(tmp_path)
    write_folders(tmp_path)
    (tmp_path / "empty").mkdir()
    message = "Found no valid file for the classes empty. Supported extensions are: .jpg, .jpeg"
    with pytest.raises(FileNotFoundError, match=message):
        datasets.ImageFolder(tmp_path)
    assert len(datasets.ImageFolder(tmp_path, allow_empty=True).classes) == 3
    make = datasets.folder.make_dataset
    with pytest.raises(ValueError, match="Both extensions and is_valid_file cannot be None"):
        make(tmp_path)
    with pytest.raises(ValueError, match="must have at least one entry"):
        make(tmp_path, {}, ".png")
    with pytest.raises(ValueError, match="class_to_idx parameter cannot be None"):
        datasets.DatasetFolder.make_dataset(tmp_path, None, (".png",))


def test_a_subclass_chooses_its_classes(tmp_path):
    write_folders(tmp_path)

    class Dogs(datasets.ImageFolder):
        def find_classes(self, directory):
            return ["dog"], {"dog": 7}

    assert set(Dogs(tmp_path).targets) == {7}


@pytest.mark.compare
def test_folders_beside_torchvision(torchvision, tmp_path):
    write_folders(tmp_path)
    ours, theirs = (m.ImageFolder(tmp_path) for m in (datasets, torchvision.datasets))
    assert ours.samples == theirs.samples and ours.extensions == theirs.extensions
    assert_same_samples(ours, theirs)
    assert datasets.folder.IMG_EXTENSIONS == torchvision.datasets.folder.IMG_EXTENSIONS
    a, b = (
        m.DatasetFolder(str(tmp_path), str.upper, ("txt", ".ppm"))
        for m in (datasets, torchvision.datasets)
    )
    assert a.samples == b.samples and a[0] == b[0]


# --- FakeData -------------------------------------------------------------------------------------


def test_fake_data_is_the_same_at_every_look_and_draws_nothing():
    dataset = datasets.FakeData(3, (1, 4, 5), 7, random_offset=2)
    mt.manual_seed(5)
    first = [
        (np.asarray(picture).tolist(), target)
        for picture, target in map(dataset.__getitem__, range(3))
    ]
    assert first == [
        (np.asarray(picture).tolist(), target)
        for picture, target in map(dataset.__getitem__, range(3))
    ]
    assert first[0] != first[1] and all(0 <= target < 7 for _, target in first)
    after = mt.rand(2)
    mt.manual_seed(5)
    assert (mt.rand(2) == after).all()
    with pytest.raises(IndexError, match="FakeData index out of range"):
        dataset[3]
    assert len(list(dataset)) == 3


@pytest.mark.compare
@pytest.mark.parametrize("shape", [(3, 8, 9), (1, 20, 3)])
def test_fake_data_beside_torchvision(torchvision, shape):
    assert_same_samples(
        datasets.FakeData(5, shape, 100, random_offset=9),
        torchvision.datasets.FakeData(5, shape, 100, random_offset=9),
    )


# --- relatives of MNIST ---------------------------------------------------------------------------


def idx(array, code=8):
    header = bytes((0, 0, code, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("split", datasets.EMNIST.splits)
def test_emnist(tmp_path, split, compress):
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    for part, n in (("train", 5), ("test", 3)):
        for kind, array in (("images-idx3", noise(n, 4, 3)), ("labels-idx1", noise(n) % 10)):
            path = raw / f"emnist-{split}-{part}-{kind}-ubyte{'.gz' * compress}"
            path.write_bytes(gzip.compress(idx(array)) if compress else idx(array))
    train = datasets.EMNIST(tmp_path, split)
    test = datasets.EMNIST(tmp_path, split=split, train=False, transform=transforms.ToTensor())
    assert (len(train), len(test)) == (5, 3) and test.classes == test.classes_split_dict[split]
    np.testing.assert_array_equal(train.data.numpy(), noise(5, 4, 3))
    assert "Split: Test" in repr(test) and test[0][0].shape == (1, 4, 3)
    assert os.path.basename(test.images_file) == f"emnist-{split}-test-images-idx3-ubyte"


def test_emnist_splits():
    with pytest.raises(ValueError, match="Unknown value 'x' for argument split. Valid values are"):
        datasets.EMNIST(".", "x")
    with pytest.raises(RuntimeError, match="Dataset not found"):
        datasets.EMNIST("absent", "letters")
    counts = {name: len(names) for name, names in datasets.EMNIST.classes_split_dict.items()}
    assert counts == {
        "byclass": 62,
        "bymerge": 47,
        "balanced": 47,
        "letters": 27,
        "digits": 10,
        "mnist": 10,
    }


def test_emnist_download(tmp_path):
    archive = tmp_path / "gzip.zip"
    with zipfile.ZipFile(archive, "w") as members:
        for part, n in (("train", 5), ("test", 3)):
            for kind, array in (("images-idx3", noise(n, 4, 3)), ("labels-idx1", noise(n) % 10)):
                name = f"gzip/emnist-digits-{part}-{kind}-ubyte.gz"
                members.writestr(name, gzip.compress(idx(array)))
    cls = small(datasets.EMNIST, {"url": archive.as_uri(), "md5": md5_of(archive)})
    assert len(cls(tmp_path, split="digits", download=True)) == 5
    cls.url = "file:///nowhere"
    assert len(cls(tmp_path, split="digits", train=False, download=True)) == 3


def write_qmnist(root):
    raw = root / "QMNIST" / "raw"
    raw.mkdir(parents=True)
    for prefix, n in (("qmnist-train", 6), ("qmnist-test", 10003), ("xnist", 4)):
        labels = (np.arange(n * 8).reshape(n, 8) % 10).astype(">i4")
        (raw / f"{prefix}-images-idx3-ubyte").write_bytes(idx(noise(n, 2, 3)))
        (raw / f"{prefix}-labels-idx2-int").write_bytes(idx(labels, 12))
    return raw


def test_qmnist(tmp_path):
    raw = write_qmnist(tmp_path)
    lengths = {"train": 6, "test": 10003, "test10k": 10000, "test50k": 3, "nist": 4}
    for what, length in lengths.items():
        dataset = datasets.QMNIST(tmp_path, what)
        assert len(dataset) == length and dataset.targets.dtype is mt.int64
        assert repr(dataset).endswith(f"Split: {what}")
    row = datasets.QMNIST(tmp_path, compat=False)[2][1]
    assert row.tolist() == [6, 7, 8, 9, 0, 1, 2, 3]
    compatible = datasets.QMNIST(tmp_path, train=False, transform=transforms.ToTensor())
    assert compatible[4][1] == 2 and len(compatible) == 10003
    assert next(iter(DataLoader(compatible, 3)))[1].tolist() == [0, 8, 6]
    path = raw / "xnist-images-idx3-ubyte"
    path.with_suffix(".xz").write_bytes(lzma.compress(path.read_bytes()))
    path.unlink()
    assert len(datasets.QMNIST(tmp_path, "nist")) == 4
    labels = datasets.mnist.read_sn3_pascalvincent_tensor(raw / "qmnist-train-labels-idx2-int")
    assert labels.dtype is mt.int32 and labels.shape == (6, 8)


@pytest.mark.compare
def test_relatives_of_mnist_beside_torchvision(torchvision, tmp_path):
    write_qmnist(tmp_path)
    raw = tmp_path / "EMNIST" / "raw"
    raw.mkdir(parents=True)
    for kind, array in (("images-idx3", noise(5, 4, 3)), ("labels-idx1", noise(5) % 10)):
        (raw / f"emnist-balanced-train-{kind}-ubyte").write_bytes(idx(array))
    a, b = (m.EMNIST(tmp_path, "balanced") for m in (datasets, torchvision.datasets))
    assert_same_samples(a, b)
    assert (a.classes, a.classes_split_dict, a.splits, a.url, a.md5, a.class_to_idx) == (
        b.classes,
        b.classes_split_dict,
        b.splits,
        b.url,
        b.md5,
        b.class_to_idx,
    )
    for options in ({}, {"what": "test50k"}, {"compat": False}, {"what": "nist"}):
        a, b = (m.QMNIST(tmp_path, **options) for m in (datasets, torchvision.datasets))
        assert_same_samples(a, b)
    assert (a.resources, a.subsets, a.classes) == (b.resources, b.subsets, b.classes)


def write_usps(root):
    values = np.random.default_rng(0).uniform(-1, 1, (4, 256))
    for name in ("usps.bz2", "usps.t.bz2"):
        lines = [
            f"{n + 1} " + " ".join(f"{i + 1}:{x:.4f}" for i, x in enumerate(row))
            for n, row in enumerate(values)
        ]
        (root / name).write_bytes(bz2.compress("\n".join(lines).encode()))


def test_usps(tmp_path):
    write_usps(tmp_path)
    dataset = datasets.USPS(tmp_path, download=True)
    assert dataset.targets == [0, 1, 2, 3] and dataset.data.shape == (4, 16, 16)
    assert dataset[1][0].size == (16, 16) and dataset[1][1] == 1
    with pytest.raises(FileNotFoundError):
        datasets.USPS(tmp_path / "absent")


@pytest.mark.compare
def test_usps_beside_torchvision(torchvision, tmp_path):
    write_usps(tmp_path)
    for train in (True, False):
        assert_same_samples(
            datasets.USPS(tmp_path, train), torchvision.datasets.USPS(tmp_path, train)
        )
    assert datasets.USPS.split_list == torchvision.datasets.USPS.split_list


# --- the others -----------------------------------------------------------------------------------


def write_svhn(root):
    scipy_io = pytest.importorskip("scipy.io")
    lists = {}
    for n, (split, (url, name, _)) in enumerate(datasets.SVHN.split_list.items()):
        labels = np.array([[1], [10], [3]], dtype=np.uint8)
        content = {"X": noise(32, 32, 3, 3, seed=n), "y": labels}
        scipy_io.savemat(root / name, content, do_compression=True)
        lists[split] = [url, name, md5_of(root / name)]
    return {"split_list": lists}


def test_svhn(tmp_path):
    attributes = write_svhn(tmp_path)
    dataset = small(datasets.SVHN, attributes)(tmp_path, "extra", download=True)
    assert dataset.labels.tolist() == [1, 0, 3] and dataset.data.shape == (3, 3, 32, 32)
    np.testing.assert_array_equal(np.asarray(dataset[1][0]), noise(32, 32, 3, 3, seed=2)[..., 1])
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        datasets.SVHN(tmp_path)
    with pytest.raises(ValueError, match="Unknown value 'valid' for argument split"):
        datasets.SVHN(tmp_path, "valid")


def write_stl10(root):
    folder = root / "stl10_binary"
    folder.mkdir()
    counts = {"train": 6, "unlabeled": 2, "test": 3}
    for n, (name, count) in enumerate(counts.items()):
        (folder / f"{name}_X.bin").write_bytes(noise(count, 3 * 96 * 96, seed=n).tobytes())
        (folder / f"{name}_y.bin").write_bytes(bytes(i % 10 + 1 for i in range(count)))
    (folder / "class_names.txt").write_text("airplane\nbird\n")
    (folder / "fold_indices.txt").write_text(
        "\n".join(f"{i % 6} {(i + 2) % 6} " for i in range(10))
    )
    return {
        key: [[name, md5_of(folder / name)] for name, _ in getattr(datasets.STL10, key)]
        for key in ("train_list", "test_list")
    }


def test_stl10(tmp_path):
    cls = small(datasets.STL10, write_stl10(tmp_path))
    lengths = {"train": 6, "test": 3, "unlabeled": 2, "train+unlabeled": 8}
    for split, length in lengths.items():
        dataset = cls(tmp_path, split, download=True)
        assert len(dataset) == length and dataset.classes == ["airplane", "bird"]
    assert cls(tmp_path, "train", folds=1).labels.tolist() == [1, 3]
    assert cls(tmp_path, "train+unlabeled", folds=1).labels.tolist() == [1, 3, -1, -1]
    picture, target = cls(tmp_path, "test")[1]
    assert picture.size == (96, 96) and target == 1
    first = noise(3, 3 * 96 * 96, seed=2)[1].reshape(3, 96, 96).transpose(2, 1, 0)
    np.testing.assert_array_equal(np.asarray(picture), first)
    with pytest.raises(ValueError, match=r"folds should be in the range \[0, 10\), but got 10."):
        cls(tmp_path, folds=10)
    with pytest.raises(ValueError, match="Expected type None or int for argument folds"):
        cls(tmp_path, folds="1")


def write_celeba(root):
    folder = root / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    names = [f"{n:06d}.jpg" for n in range(1, 7)]
    for n, name in enumerate(names):
        Image.fromarray(noise(6, 5, 3, seed=n)).save(folder / "img_align_celeba" / name)

    def table(columns, header=None):
        lines = ["6", header] if header else []
        lines += [f"{name}  {' '.join(map(str, columns(n)))}" for n, name in enumerate(names)]
        return "\n".join(lines) + "\n"

    texts = {
        "list_eval_partition.txt": table(lambda n: [n % 3]),
        "identity_CelebA.txt": table(lambda n: [100 + n]),
        "list_bbox_celeba.txt": table(lambda n: [n, 2, 3, 4], "image_id x_1 y_1 width height"),
        "list_landmarks_align_celeba.txt": table(
            lambda n: range(n, n + 10), "lefteye_x lefteye_y "
        ),
        "list_attr_celeba.txt": table(lambda n: [(-1) ** n, 1], "Bald Young "),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    entries = [
        (number, md5 if name.endswith("zip") else md5_of(folder / name), name)
        for number, md5, name in datasets.CelebA.file_list
    ]
    return {"file_list": entries}


def test_celeba(tmp_path):
    cls = small(datasets.CelebA, write_celeba(tmp_path))
    train = cls(tmp_path, download=True)
    assert len(train) == 2 and train.filename == ["000001.jpg", "000004.jpg"]
    assert train[1][1].tolist() == [0, 1] and train.attr.dtype is mt.int64
    everything = cls(tmp_path, "ALL", ["identity", "bbox", "landmarks"])
    identity, bbox, landmarks = everything[4][1]
    assert (identity.item(), bbox.tolist(), len(landmarks)) == (104, [4, 2, 3, 4], 10)
    assert cls(tmp_path, "valid", [])[0][1] is None
    with pytest.raises(ValueError, match='Target type "age" is not recognized.'):
        cls(tmp_path, target_type="age")[0]
    with pytest.raises(
        RuntimeError, match="target_transform is specified but target_type is empty"
    ):
        cls(tmp_path, target_type=[], target_transform=abs)
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        cls(tmp_path / "absent")


def write_food101(root):
    names = {"pie": ["pie/1", "pie/2"], "apple": ["apple/7"]}
    (root / "food-101" / "meta").mkdir(parents=True)
    for split in ("train", "test"):
        (root / "food-101" / "meta" / f"{split}.json").write_text(json.dumps(names))
    for n, name in enumerate(name for group in names.values() for name in group):
        path = root / "food-101" / "images" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(4, 6, 3, seed=n)).save(path)


def test_food101(tmp_path):
    with pytest.raises(RuntimeError, match="Dataset not found. You can use download=True"):
        datasets.Food101(tmp_path)
    write_food101(tmp_path)
    dataset = datasets.Food101(tmp_path, "test", download=True)
    assert dataset.classes == ["apple", "pie"] and [dataset[i][1] for i in range(3)] == [1, 1, 0]
    assert dataset[0][0].size == (6, 4) and repr(dataset).endswith("split=test")


def write_pets(root):
    folder = root / "oxford-iiit-pet"
    (folder / "annotations" / "trimaps").mkdir(parents=True)
    (folder / "images").mkdir()
    rows = [("Great_Dane_1", 2, 2), ("Abyssinian_7", 1, 1), ("Great_Dane_2", 2, 2)]
    for n, (name, _, _) in enumerate(rows):
        Image.fromarray(noise(4, 5, 3, seed=n)).save(folder / "images" / f"{name}.jpg")
        Image.fromarray(noise(4, 5) % 3).save(folder / "annotations" / "trimaps" / f"{name}.png")
    text = "".join(f"{name} {breed} {animal} 1\n" for name, breed, animal in rows)
    for split in ("trainval", "test"):
        (folder / "annotations" / f"{split}.txt").write_text(text)


def test_pets(tmp_path):
    with pytest.raises(RuntimeError, match="Dataset not found. You can use download=True"):
        datasets.OxfordIIITPet(tmp_path)
    write_pets(tmp_path)
    dataset = datasets.OxfordIIITPet(tmp_path, target_types=["category", "segmentation"])
    assert dataset.classes == ["Abyssinian", "Great Dane"]
    label, outline = dataset[1][1]
    assert label == 0 and outline.size == (5, 4)
    both = datasets.OxfordIIITPet(tmp_path, "test", "binary-category", lambda x, y: (x.size, -y))
    assert both[0] == ((5, 4), -1)
    assert datasets.OxfordIIITPet(tmp_path, target_types=[])[0][1] is None
    with pytest.raises(ValueError, match="Unknown value 'breed' for argument target_types"):
        datasets.OxfordIIITPet(tmp_path, target_types="breed")


def write_flowers(root):
    scipy_io = pytest.importorskip("scipy.io")
    folder = root / "flowers-102"
    (folder / "jpg").mkdir(parents=True)
    for n in range(1, 5):
        Image.fromarray(noise(4, 5, 3, seed=n)).save(folder / "jpg" / f"image_{n:05d}.jpg")
    scipy_io.savemat(folder / "imagelabels.mat", {"labels": np.array([[7, 7, 2, 102]])})
    sets = {"trnid": [[4, 1]], "valid": [[2, 1]], "tstid": [[3, 4]]}
    scipy_io.savemat(folder / "setid.mat", {key: np.array(ids) for key, ids in sets.items()})
    entries = datasets.Flowers102._file_dict
    return {
        "_file_dict": {
            key: (name, md5 if key == "image" else md5_of(folder / name))
            for key, (name, md5) in entries.items()
        }
    }


def test_flowers(tmp_path):
    cls = small(datasets.Flowers102, write_flowers(tmp_path))
    dataset = cls(tmp_path, download=True)
    assert [dataset[i][1] for i in range(2)] == [101, 6] and len(cls(tmp_path, "val")) == 2
    assert dataset.classes[101] == "blackberry lily" and len(dataset.classes) == 102
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        datasets.Flowers102(tmp_path)


OTHERS = {
    "SVHN": (write_svhn, [{}, {"split": "test"}]),
    "STL10": (
        write_stl10,
        [{}, {"split": "train+unlabeled", "folds": 3}, {"split": "unlabeled"}, {"split": "test"}],
    ),
    "CelebA": (
        write_celeba,
        [
            {},
            {"split": "all", "target_type": "landmarks"},
            {"split": "test", "target_type": "bbox"},
        ],
    ),
    "Food101": (write_food101, [{}, {"split": "test"}]),
    "OxfordIIITPet": (write_pets, [{}, {"target_types": "segmentation"}, {"split": "test"}]),
    "Flowers102": (write_flowers, [{}, {"split": "val"}]),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", OTHERS)
def test_others_beside_torchvision(torchvision, tmp_path, name):
    write, cases = OTHERS[name]
    attributes = write(tmp_path) or {}
    ours, theirs = getattr(datasets, name), getattr(torchvision.datasets, name)
    for attribute, value in vars(theirs).items():
        if isinstance(value, (str, list, dict, tuple)) and not attribute.startswith("__"):
            assert getattr(ours, attribute) == value
    for options in cases:
        a, b = (small(cls, attributes)(tmp_path, **options) for cls in (ours, theirs))
        assert_same_samples(a, b)
        for attribute in ("classes", "class_to_idx", "attr_names", "filename"):
            assert getattr(a, attribute, None) == getattr(b, attribute, None)


# --- files ----------------------------------------------------------------------------------------


def test_integrity(tmp_path):
    path = tmp_path / "a"
    assert not files.check_integrity(path)
    path.write_bytes(b"abc")
    digest = "900150983cd24fb0d6963f7d28e17f72"
    assert files.check_integrity(path) and files.check_integrity(str(path), digest)
    assert files.check_md5(path, digest, chunk_size=1) and not files.check_md5(path, "0" * 32)
    assert files.list_files(tmp_path, "a", prefix=True) == [str(path)]
    assert files.list_dir(tmp_path.parent) and files.list_dir(tmp_path) == []


def test_download_url(tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(b"abc")
    folder = tmp_path / "to"
    files.download_url(source.as_uri(), folder, md5=md5_of(source))
    assert (folder / "source.bin").read_bytes() == b"abc"
    files.download_url("file:///nowhere/source.bin", folder)  # it is there
    with pytest.raises(RuntimeError, match="File not found or corrupted."):
        files.download_url(source.as_uri(), folder, "other", md5="0" * 32)
    with pytest.raises(urllib.error.URLError, match="Offline, put the file at"):
        files.download_url("file:///nowhere/x", folder)
    assert sorted(os.listdir(folder)) == ["other", "source.bin"]


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "tgz", "tar.bz2", "tar.xz", "zip"])
def test_extract_archive(tmp_path, kind):
    archive = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as members:
            members.writestr("x/y.txt", "hello")
    else:
        packing = {"tgz": "gz", "tar": ""}.get(kind, kind.removeprefix("tar."))
        with tarfile.open(archive, f"w:{packing}") as tar:
            member = tarfile.TarInfo("x/y.txt")
            member.size = 5
            tar.addfile(member, io.BytesIO(b"hello"))
    assert files.extract_archive(str(archive), tmp_path / "to") == str(tmp_path / "to")
    assert (tmp_path / "to" / "x" / "y.txt").read_text() == "hello"
    assert files.extract_archive(archive, remove_finished=True) == tmp_path
    assert not archive.exists()


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_extract_one_file(tmp_path, kind):
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[kind]
    (tmp_path / f"a.txt.{kind}").write_bytes(pack(b"hello"))
    path = files.extract_archive(str(tmp_path / f"a.txt.{kind}"))
    assert path == str(tmp_path / "a.txt") and pathlib.Path(path).read_bytes() == b"hello"


@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "link/out.txt"])
def test_archives_stay_inside_their_folder(tmp_path, name):
    archive, folder = tmp_path / "a.tar", tmp_path / "deep" / "to"
    with tarfile.open(archive, "w") as tar:
        if name.startswith("link"):
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, ".."
            tar.addfile(link)
        tar.addfile(tarfile.TarInfo(name if name[0] != "/" else f"{tmp_path}/out.txt"))
    if name[0] == "/":  # taken for a path inside
        files.extract_archive(archive, folder)
        assert not (tmp_path / "out.txt").exists()
    else:
        with pytest.raises(tarfile.FilterError):
            files.extract_archive(archive, folder)
        assert not (tmp_path / "deep" / "out.txt").exists()
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w") as members:
        members.writestr("../out.txt", "x")
    files.extract_archive(packed, folder)
    assert not (tmp_path / "deep" / "out.txt").exists()


def test_endings_that_say_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="has no suffixes that could be used"):
        files.extract_archive("archive")
    with pytest.raises(RuntimeError, match="Unknown compression or archive type: '.rar'"):
        files.extract_archive("a.rar")


def test_google_drive_without_gdown(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gdown", None)
    with pytest.raises(RuntimeError, match="'gdown' is required.*pip install gdown"):
        files.download_file_from_google_drive("x", tmp_path, "name")
    (tmp_path / "name").write_bytes(b"")
    files.download_file_from_google_drive("x", tmp_path, "name")


@pytest.mark.compare
def test_signatures_beside_torchvision(torchvision):
    import inspect

    for name in datasets.__all__:
        ours, theirs = getattr(datasets, name), getattr(torchvision.datasets, name)
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        ), name
    theirs = torchvision.datasets.utils
    for name in files.__all__:
        if name != "fetch":
            assert list(inspect.signature(getattr(files, name)).parameters) == list(
                inspect.signature(getattr(theirs, name)).parameters
            ), name
