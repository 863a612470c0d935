"""utils.data: the same programs under minitorch and torch, then what needs no torch."""

import collections
import itertools
import pickle
import warnings

import numpy as np
import pytest

import minitorch as mt
import minitorch.utils.data as data
from minitorch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset

Point = collections.namedtuple("Point", "x y")


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def assert_same(ours, theirs):
    """Same structure, same types, same numbers; a tensor counts as one of its dtype and shape."""
    if isinstance(ours, mt.Tensor):
        assert type(theirs).__name__ == "Tensor", f"tensor here, {type(theirs)} in torch"
        assert str(ours.dtype) == str(theirs.dtype)
        assert tuple(ours.shape) == tuple(theirs.shape)
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        return
    assert type(ours) is type(theirs), f"{ours!r} here, {theirs!r} in torch"
    if isinstance(ours, collections.abc.Mapping):
        assert list(ours) == list(theirs)
        assert_same(list(ours.values()), list(theirs.values()))
    elif isinstance(ours, collections.abc.Sequence) and not isinstance(ours, (str, bytes)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b)
    else:
        assert ours == theirs


def outcome(program, lib):
    """What ``program`` returns, or the class and message it raises; then what is drawn next."""
    lib.manual_seed(7)
    try:
        result = program(lib)
    except Exception as error:
        result = [type(error).__name__, str(error)[:20]]
    return [result, lib.rand(3).tolist()]


def rows(lib, n=10, width=2):
    return lib.arange(n * width).view(n, width)


class Squares:
    """A map-style dataset that knows neither library."""

    def __len__(self):
        return 10

    def __getitem__(self, index):
        if not 0 <= index < 10:
            raise IndexError(f"no sample {index}")
        return index * index


def stream_class(lib):
    class Stream(lib.utils.data.IterableDataset):
        def __init__(self, n, claimed=None):
            self.n, self.claimed = n, claimed

        def __iter__(self):
            return iter(range(self.n))

        def __len__(self):
            if self.claimed is None:
                raise TypeError("no length")
            return self.claimed

    return Stream


def seeded(lib, seed=3):
    return lib.Generator().manual_seed(seed)


PROGRAMS = {
    # samplers
    "sequential": lambda lib: list(lib.utils.data.SequentialSampler(range(5))),
    "random": lambda lib: [list(lib.utils.data.RandomSampler(range(50))) for _ in range(2)],
    "random_generator": lambda lib: [
        list(s) for s in [lib.utils.data.RandomSampler(range(9), generator=seeded(lib))] * 3
    ],
    "random_more_than_there_are": lambda lib: list(
        lib.utils.data.RandomSampler(range(5), num_samples=13, generator=seeded(lib))
    ),
    "random_fewer": lambda lib: list(lib.utils.data.RandomSampler(range(50), num_samples=7)),
    "random_replacement": lambda lib: list(
        lib.utils.data.RandomSampler(range(50), replacement=True, num_samples=70)
    ),
    "random_replacement_32": lambda lib: list(
        lib.utils.data.RandomSampler(range(5), True, 32, generator=seeded(lib))
    ),
    "random_stopped": lambda lib: list(
        itertools.islice(
            lib.utils.data.RandomSampler(
                range(50), True, 100, generator=lib.random.default_generator
            ),
            3,
        )
    ),
    "subset_random": lambda lib: list(lib.utils.data.SubsetRandomSampler([4, 8, 15, 16, 23, 42])),
    "subset_random_generator": lambda lib: list(
        lib.utils.data.SubsetRandomSampler("abcdef", generator=seeded(lib))
    ),
    "weighted": lambda lib: list(
        lib.utils.data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 20)
    ),
    "weighted_once": lambda lib: list(
        lib.utils.data.WeightedRandomSampler([0.9, 0.4, 0.05, 0.2, 0.3], 5, replacement=False)
    ),
    "weighted_generator": lambda lib: list(
        lib.utils.data.WeightedRandomSampler(lib.ones(4), 9, generator=seeded(lib))
    ),
    "batches": lambda lib: list(lib.utils.data.BatchSampler(range(10), 3, False)),
    "batches_drop": lambda lib: list(lib.utils.data.BatchSampler(range(10), 3, True)),
    "lengths": lambda lib: [
        len(lib.utils.data.BatchSampler(range(n), 3, drop))
        for n in range(8)
        for drop in (False, True)
    ],
    # cutting up
    "split": lambda lib: [list(p) for p in lib.utils.data.random_split(range(20), [12, 0, 8])],
    "split_fractions": lambda lib: [
        list(p) for p in lib.utils.data.random_split(range(23), [0.3, 0.3, 0.4], seeded(lib))
    ],
    "split_twice": lambda lib: [
        list(p)
        for p in lib.utils.data.random_split(
            lib.utils.data.random_split(range(10), [7, 3])[0], [0.5, 0.5]
        )
    ],
    "split_numpy_lengths": lambda lib: [
        p.indices for p in lib.utils.data.random_split(range(5), list(np.array([2, 3])))
    ],
    # loading
    "load": lambda lib: list(lib.utils.data.DataLoader(Squares())),
    "load_batches": lambda lib: list(lib.utils.data.DataLoader(Squares(), 4)),
    "load_shuffled": lambda lib: [
        list(loader) for loader in [lib.utils.data.DataLoader(Squares(), 4, True)] * 3
    ],
    "load_shuffled_generator": lambda lib: [
        list(loader)
        for loader in [lib.utils.data.DataLoader(Squares(), 5, True, generator=seeded(lib))] * 3
    ],
    "load_drop_last": lambda lib: list(lib.utils.data.DataLoader(Squares(), 4, drop_last=True)),
    "load_single": lambda lib: list(lib.utils.data.DataLoader(Squares(), None)),
    "load_single_shuffled": lambda lib: list(lib.utils.data.DataLoader(Squares(), None, True)),
    "load_rows": lambda lib: list(
        lib.utils.data.DataLoader(lib.utils.data.TensorDataset(rows(lib), lib.rand(10)), 4, True)
    ),
    "load_rows_single": lambda lib: list(
        lib.utils.data.DataLoader(lib.utils.data.TensorDataset(rows(lib)), batch_size=None)
    ),
    "load_sampler": lambda lib: list(
        lib.utils.data.DataLoader(
            Squares(), 2, sampler=lib.utils.data.SubsetRandomSampler([1, 3, 5])
        )
    ),
    "load_sampler_is_a_list": lambda lib: list(
        lib.utils.data.DataLoader(Squares(), 2, sampler=[9, 8, 7])
    ),
    "load_batch_sampler": lambda lib: list(
        lib.utils.data.DataLoader(Squares(), batch_sampler=[[0, 9], [5], [1, 2, 3]])
    ),
    "load_slices": lambda lib: list(
        lib.utils.data.DataLoader(
            lib.utils.data.TensorDataset(rows(lib)),
            sampler=lib.utils.data.BatchSampler(range(10), 4, False),
            batch_size=None,
        )
    ),
    "load_negative_indices": lambda lib: list(
        lib.utils.data.DataLoader(
            lib.utils.data.TensorDataset(rows(lib)), batch_sampler=[[-1, 0], [3, -10]]
        )
    ),
    "load_index_out_of_range": lambda lib: list(
        lib.utils.data.DataLoader(lib.utils.data.TensorDataset(rows(lib)), sampler=[0, 10])
    ),
    "load_subset": lambda lib: list(
        lib.utils.data.DataLoader(
            lib.utils.data.Subset(lib.utils.data.TensorDataset(rows(lib)), [7, 1, 1, 4, 9]), 2, True
        )
    ),
    "load_split": lambda lib: [
        list(lib.utils.data.DataLoader(part, 3))
        for part in lib.utils.data.random_split(lib.utils.data.TensorDataset(rows(lib)), [0.5, 0.5])
    ],
    "load_concat": lambda lib: list(
        lib.utils.data.DataLoader(
            lib.utils.data.TensorDataset(rows(lib)) + lib.utils.data.TensorDataset(-rows(lib)),
            8,
            True,
        )
    ),
    "load_stack": lambda lib: list(
        lib.utils.data.DataLoader(
            lib.utils.data.StackDataset(x=lib.utils.data.TensorDataset(rows(lib)), y=Squares()), 4
        )
    ),
    "load_collate_fn": lambda lib: list(
        lib.utils.data.DataLoader(Squares(), 4, collate_fn=lambda samples: samples)
    ),
    "load_stream": lambda lib: list(lib.utils.data.DataLoader(stream_class(lib)(7), 3)),
    "load_stream_drop": lambda lib: list(
        lib.utils.data.DataLoader(stream_class(lib)(7), 3, drop_last=True)
    ),
    "load_stream_single": lambda lib: list(lib.utils.data.DataLoader(stream_class(lib)(3), None)),
    "load_stream_length": lambda lib: [
        len(lib.utils.data.DataLoader(stream_class(lib)(7, 7), size, drop_last=drop))
        for size, drop in ((3, False), (3, True), (None, False), (7, False))
    ],
    "load_stream_no_length": lambda lib: len(lib.utils.data.DataLoader(stream_class(lib)(7), 3)),
    "load_chain": lambda lib: list(
        lib.utils.data.DataLoader(stream_class(lib)(3) + stream_class(lib)(2), 4)
    ),
    "load_stops_early": lambda lib: next(
        iter(lib.utils.data.DataLoader(Squares(), 4, True, generator=lib.random.default_generator))
    ),
    "load_draws_between": lambda lib: [
        (batch, lib.rand(1).item()) for batch in lib.utils.data.DataLoader(Squares(), 4, True)
    ],
    "load_lengths": lambda lib: [
        len(lib.utils.data.DataLoader(Squares(), size, drop_last=drop))
        for size, drop in ((1, False), (4, False), (4, True), (None, False))
    ],
    "iterator_length": lambda lib: len(iter(lib.utils.data.DataLoader(Squares(), 3))),
    "get_worker_info": lambda lib: lib.utils.data.get_worker_info(),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", PROGRAMS)
def test_same_program(name, torch):
    program = PROGRAMS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(outcome(program, mt), outcome(program, torch))


FAILURES = {
    "sampler_replacement": lambda d: d.RandomSampler([1], replacement=1),
    "sampler_num_samples": lambda d: d.RandomSampler([1], num_samples=0),
    "sampler_num_samples_float": lambda d: d.RandomSampler([1], num_samples=1.5),
    "sampler_empty": lambda d: d.RandomSampler([]),
    "shuffle_empty": lambda d: d.DataLoader([], shuffle=True),
    "weighted_num_samples": lambda d: d.WeightedRandomSampler([1.0], True),
    "weighted_replacement": lambda d: d.WeightedRandomSampler([1.0], 1, replacement=1),
    "weighted_shape": lambda d: d.WeightedRandomSampler([[1.0]], 1),
    "batch_size_zero": lambda d: d.BatchSampler([1], 0, False),
    "batch_size_bool": lambda d: d.BatchSampler([1], True, False),
    "batch_drop_last": lambda d: d.BatchSampler([1], 1, 1),
    "split_sum": lambda d: d.random_split(range(5), [2, 2]),
    "split_fraction": lambda d: d.random_split(range(5), [-0.5, 1.5]),
    "dataset_getitem": lambda d: d.Dataset()[0],
    "dataset_len": lambda d: len(d.Dataset()),
    "stream_iter": lambda d: d.IterableDataset(),
    "concat_empty": lambda d: d.ConcatDataset([]),
    "concat_negative": lambda d: d.ConcatDataset([[1, 2]])[-3],
    "concat_beyond": lambda d: d.ConcatDataset([[1, 2]])[2],
    "chain_map": lambda d: list(d.ChainDataset([[1, 2]])),
    "stack_nothing": lambda d: d.StackDataset(),
    "stack_both": lambda d: d.StackDataset([1], x=[1]),
    "stack_sizes": lambda d: d.StackDataset([1], [1, 2]),
    "loader_num_workers": lambda d: d.DataLoader([1], num_workers=-1),
    "loader_timeout": lambda d: d.DataLoader([1], timeout=-1),
    "loader_timeout_without_workers": lambda d: iter(d.DataLoader([1], timeout=1)),
    "loader_prefetch": lambda d: d.DataLoader([1], prefetch_factor=2),
    "loader_persistent": lambda d: d.DataLoader([1], persistent_workers=True),
    "loader_context": lambda d: d.DataLoader([1], multiprocessing_context="spawn"),
    "loader_sampler_shuffle": lambda d: d.DataLoader([1], shuffle=True, sampler=[0]),
    "loader_batch_sampler": lambda d: d.DataLoader([1], 2, batch_sampler=[[0]]),
    "loader_batch_sampler_drop": lambda d: d.DataLoader([1], batch_sampler=[[0]], drop_last=True),
    "loader_drop_last": lambda d: d.DataLoader([1], None, drop_last=True),
    "loader_batch_size": lambda d: d.DataLoader([1], 0),
    "loader_set_dataset": lambda d: setattr(d.DataLoader([1]), "dataset", [2]),
    "loader_set_batch_size": lambda d: setattr(d.DataLoader([1]), "batch_size", 2),
    "loader_set_sampler": lambda d: setattr(d.DataLoader([1]), "sampler", None),
    "stream_shuffle": lambda d: d.DataLoader(d.ChainDataset([]), shuffle=True),
    "stream_sampler": lambda d: d.DataLoader(d.ChainDataset([]), sampler=[0]),
    "stream_batch_sampler": lambda d: d.DataLoader(d.ChainDataset([]), batch_sampler=[[0]]),
    "collate_object": lambda d: d.default_collate([object()]),
    "collate_none": lambda d: d.default_collate([None]),
    "collate_lengths": lambda d: d.default_collate([[1, 2], [1]]),
    "collate_strings": lambda d: d.default_collate([np.array(["a"])]),
    "collate_objects": lambda d: d.default_collate([np.array([None])]),
    "collate_shapes": lambda d: d.default_collate([np.zeros(2), np.zeros(3)]),
}


@pytest.mark.compare
@pytest.mark.parametrize("name", FAILURES)
def test_same_failure(name, torch):
    errors = []
    for module in (data, torch.utils.data):
        with pytest.raises(Exception) as info:
            FAILURES[name](module)
        errors.append(info.value)
    ours, theirs = errors
    assert type(ours) is type(theirs)
    assert str(ours).split()[:3] == str(theirs).split()[:3]


@pytest.mark.compare
def test_tensor_dataset_of_different_lengths(torch):
    for lib in (mt, torch):
        with pytest.raises(AssertionError, match="Size mismatch between tensors"):
            lib.utils.data.TensorDataset(lib.zeros(3), lib.zeros(2))


SAMPLES = {
    "ints": [1, 2, 3],
    "floats": [1.5, 2.0],
    "bools": [True, False],
    "strings": ["a", "b"],
    "bytes": [b"a", b"b"],
    "tuples": [(0, 1.0), (2, 3.0)],
    "lists": [[0, "x"], [2, "y"]],
    "ranges": [range(2), range(2)],
    "empty lists": [[], []],
    "dicts": [{"a": 1, "b": [1, 2]}, {"a": 2, "b": [3, 4]}],
    "default dicts": [collections.defaultdict(int, a=1), collections.defaultdict(int, a=2)],
    "ordered dicts": [collections.OrderedDict(z=1, a=2)] * 2,
    "namedtuples": [Point(1, 2.0), Point(3, 4.0)],
    "nested": [{"p": Point((1, "s"), [np.float32(2)])}] * 3,
    "arrays": [np.arange(3), np.arange(3) + 1],
    "float16 arrays": [np.ones((2, 1), np.float16)] * 2,
    "bool arrays": [np.array([True, False])] * 2,
    "0-d arrays": [np.array(1.5), np.array(2.5)],
    "float32 scalars": [np.float32(1.5), np.float32(2.5)],
    "float64 scalars": [np.float64(1.5), np.float64(2.5)],
    "int8 scalars": [np.int8(1), np.int8(2)],
    "int64 scalars": [np.int64(1), np.int64(2)],
    "bool scalars": [np.bool_(True), np.bool_(False)],
    "user dict": [collections.UserDict(a=1), collections.UserDict(a=2)],
    "deque": [collections.deque([1, 2]), collections.deque([3, 4])],
}


@pytest.mark.compare
@pytest.mark.parametrize("name", SAMPLES)
def test_collate(name, torch):
    batch = SAMPLES[name]
    assert_same(data.default_collate(batch), torch.utils.data.default_collate(batch))


@pytest.mark.compare
@pytest.mark.parametrize("name", SAMPLES)
def test_convert(name, torch):
    for sample in SAMPLES[name]:
        assert_same(data.default_convert(sample), torch.utils.data.default_convert(sample))


def test_convert_leaves_strings_and_objects():
    for value in (np.array(["a"]), np.array([None]), np.str_("a"), None, "a", b"a"):
        assert data.default_convert(value) is value


def test_collate_keeps_attributes_of_a_mapping():
    class Tagged(dict):
        tag = None

    sample = Tagged(a=1)
    sample.tag = "kept"
    batch = data.default_collate([sample, Tagged(a=2)])
    assert batch.tag == "kept" and batch["a"].tolist() == [1, 2]
    assert sample["a"] == 1  # the sample is left as it was


def test_collate_of_a_mapping_that_cannot_be_built():
    class Fixed(collections.abc.Mapping):
        def __getitem__(self, key):
            return {"a": 1}[key]

        def __iter__(self):
            return iter("a")

        def __len__(self):
            return 1

    batch = data.default_collate([Fixed(), Fixed()])
    assert type(batch) is dict and batch["a"].tolist() == [1, 1]


def test_collate_with_rules_of_ones_own():
    from minitorch.utils.data._utils.collate import collate, default_collate_fn_map

    def collate_sets(batch, *, collate_fn_map):
        return set().union(*batch)

    rules = {**default_collate_fn_map, set: collate_sets}
    assert collate([[{1}, 2], [{3}, 4]], collate_fn_map=rules)[0] == {1, 3}
    with pytest.raises(TypeError, match="found <class 'int'>"):
        collate([1, 2])


def test_pil_images_are_refused():
    image = pytest.importorskip("PIL.Image").new("L", (2, 2))
    with pytest.raises(TypeError, match="default_collate: batch must contain tensors, numpy"):
        data.default_collate([(image, 0)])


# The shortcut for rows of tensors


def slow_batches(dataset, **options):
    """The batches of ``dataset`` without the shortcut, which a collate function switches off."""
    return list(
        DataLoader(dataset, collate_fn=lambda batch: data.default_collate(batch), **options)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "complex64"])
def test_shortcut_gives_the_same_batches(dtype):
    columns = [
        mt.arange(24).view(6, 2, 2).to(getattr(mt, dtype)),
        mt.arange(6),
        mt.arange(48).view(6, 8)[:, ::2],
        mt.arange(12).view(2, 6).t(),
        mt.zeros(6, 0),
    ]
    whole = TensorDataset(*columns)
    for dataset in (whole, Subset(whole, [3, -1, 3, 0]), Subset(Subset(whole, [5, 4, 3]), (2, 0))):
        fast, slow = list(DataLoader(dataset, 2)), slow_batches(dataset, batch_size=2)
        assert len(fast) == len(slow)
        for a, b in zip(fast, slow, strict=True):
            assert type(a) is list and len(a) == len(b)
            for x, y in zip(a, b, strict=True):
                assert x.dtype == y.dtype and x.shape == y.shape and x.stride() == y.stride()
                assert (x == y).all()


def test_shortcut_is_taken(monkeypatch):
    dataset = TensorDataset(mt.arange(4))
    monkeypatch.setattr(TensorDataset, "__getitem__", None)
    # A Subset passes the question on; a class whose samples come from elsewhere does not ask it.
    assert [b[0].tolist() for b in DataLoader(Subset(dataset, [2, 1]), 2)] == [[2, 1]]


def test_shortcut_is_not_taken_by_a_subclass():
    class Negated(TensorDataset):
        def __getitem__(self, index):
            return -super().__getitem__(index)[0]

    class NegatedBatch(TensorDataset):
        def __getitems__(self, indices):
            return [-self.tensors[0][i] for i in indices]

    class Plain(TensorDataset):
        pass

    for cls in (Negated, NegatedBatch):
        assert next(iter(DataLoader(cls(mt.arange(3)), 3))).tolist() == [0, -1, -2]
        assert next(iter(DataLoader(Subset(cls(mt.arange(3)), [2]), 3))).tolist() == [-2]
    assert next(iter(DataLoader(Plain(mt.arange(3)), 3)))[0].tolist() == [0, 1, 2]


def test_shortcut_leaves_gradients_and_odd_indices_to_collate():
    weights = mt.arange(4.0).requires_grad_()
    (batch,) = next(iter(DataLoader(TensorDataset(weights), 4)))
    batch.sum().backward()
    assert weights.grad.tolist() == [1, 1, 1, 1]
    tensors = [mt.tensor(2), mt.tensor(0)]
    (batch,) = next(iter(DataLoader(TensorDataset(mt.arange(4)), batch_sampler=[tensors])))
    assert batch.tolist() == [2, 0]


def test_shortcut_gives_way_to_new_collate_rules(monkeypatch):
    from minitorch.utils.data._utils.collate import default_collate_fn_map

    rule = lambda batch, *, collate_fn_map: "collated"  # noqa: E731
    monkeypatch.setitem(default_collate_fn_map, mt.Tensor, rule)
    assert next(iter(DataLoader(TensorDataset(mt.arange(3)), 3))) == ["collated"]


def test_batches_own_their_memory():
    source = mt.arange(4)
    for (batch,) in DataLoader(TensorDataset(source), 4):
        batch.zero_()
    assert source.tolist() == [0, 1, 2, 3]


# Datasets


def test_getitems_is_called_once_per_batch():
    asked = []

    class Batched(Dataset):
        def __len__(self):
            return 5

        def __getitems__(self, indices):
            asked.append(indices)
            return [10 * i for i in indices]

    batches = [b.tolist() for b in DataLoader(Batched(), 2)]
    assert batches == [[0, 10], [20, 30], [40]] and asked == [[0, 1], [2, 3], [4]]
    assert Subset(Batched(), [4, 0]).__getitems__([1, 0]) == [0, 40]


def test_stack_of_a_dataset_that_miscounts():
    class Short(Dataset):
        def __len__(self):
            return 3

        def __getitems__(self, indices):
            return [0]

    with pytest.raises(ValueError, match="output size mismatch. Expected 2, got 1"):
        data.StackDataset(Short(), "abc").__getitems__([0, 1])


def test_subset_refuses_half_an_override():
    class Half(Subset):
        def __getitem__(self, index):
            return None

    class Both(Half):
        def __getitems__(self, indices):
            return [self[i] for i in indices]

    with pytest.raises(NotImplementedError, match="Half overrides __getitem__ but not"):
        Half([1], [0])
    assert Both([1], [0])[0] is None


def test_concat_and_sum():
    both = TensorDataset(mt.arange(2)) + TensorDataset(mt.arange(3))
    assert isinstance(both, data.ConcatDataset) and len(both) == 5
    assert both.cumulative_sizes == [2, 5]
    assert [int(both[i][0]) for i in (0, 1, 2, 4, -1, -5)] == [0, 1, 0, 2, 2, 0]


def test_stream_longer_than_it_claims():
    Stream = stream_class(mt)
    loader = DataLoader(Stream(3, claimed=2), batch_size=None)
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="Length of IterableDataset .* was reported to be 2"):
        assert list(loader) == [0, 1, 2]


def test_stream_is_not_asked_again_once_it_has_ended():
    class Fickle(IterableDataset):
        def __iter__(self):
            self.left = 3
            return self

        def __next__(self):
            if self.left == 0:
                self.left = 3
                raise StopIteration
            self.left -= 1
            return self.left

    assert [b.tolist() for b in DataLoader(Fickle(), 2)] == [[2, 1], [0]]


def test_empty_split_warns():
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0"):
        parts = data.random_split(range(1), [0.5, 0.5])
    assert [len(part) for part in parts] == [1, 0]


# DataLoader


def test_pin_memory_is_accepted():
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator"):
        assert len(list(DataLoader(Squares(), 5, pin_memory=True))) == 2


def test_attributes_are_kept():
    loader = DataLoader(
        Squares(), 3, worker_init_fn=print, pin_memory_device="cuda", in_order=False
    )
    assert (loader.batch_size, loader.drop_last, loader.num_workers) == (3, False, 0)
    assert loader.collate_fn is data.default_collate and loader.worker_init_fn is print
    assert isinstance(loader.sampler, data.SequentialSampler)
    assert loader.batch_sampler.sampler is loader.sampler
    assert DataLoader(Squares(), None).collate_fn is data.default_convert
    loader.num_workers = 0  # not one of the guarded
    loader.anything = 1


def test_a_guarded_attribute_is_left_as_it_was():
    loader = DataLoader(Squares(), 3)
    with pytest.raises(ValueError, match="batch_size attribute should not be set after DataLoader"):
        loader.batch_size = 5
    assert loader.batch_size == 3


def test_a_subclass_names_itself_in_the_guard():
    class Mine(DataLoader):
        def __init__(self, dataset):
            self.dataset = dataset  # allowed: not initialized yet
            super().__init__(dataset, batch_size=2)

    with pytest.raises(ValueError, match="after Mine is initialized"):
        Mine(Squares()).drop_last = True


def test_two_passes_at_once_do_not_disturb_each_other():
    loader = DataLoader(Squares(), 5, shuffle=True)
    first, second = iter(loader), iter(loader)
    seen = [sorted(itertools.chain(*(b.tolist() for b in it))) for it in (first, second)]
    assert seen == [[i * i for i in range(10)]] * 2
    with pytest.raises(StopIteration):
        next(first)


def test_a_loader_can_be_pickled_but_not_a_pass_over_it():
    with pytest.raises(NotImplementedError, match="cannot be pickled"):
        pickle.dumps(iter(DataLoader(Squares())))
    loader = pickle.loads(pickle.dumps(DataLoader(Squares(), 4)))
    assert [len(b) for b in loader] == [4, 4, 2]
    with pytest.raises(ValueError, match="should not be set"):
        loader.sampler = None
