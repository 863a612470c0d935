"""Trees of containers, taken apart and put together."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

import minitorch as mt
from minitorch.utils import _pytree as pytree

Pair = namedtuple("Pair", "left right")

TREES = [
    3,
    None,
    [],
    {},
    [1, (2, {"b": 3, "a": [4, None]}), Pair(5, 6)],
    OrderedDict(x=1, y=[2]),
    deque([1, 2], maxlen=3),
    defaultdict(list, {"k": 7, "j": (8,)}),
    Pair({"z": 1}, [[[2]]]),
    (mt.Size([1, 2]),),
]


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_apart_and_together(tree):
    leaves, spec = pytree.tree_flatten(tree)
    again = pytree.tree_unflatten(leaves, spec)
    assert again == tree and type(again) is type(tree)
    assert leaves == pytree.tree_leaves(tree) and spec.num_leaves == len(leaves)
    assert spec == pytree.tree_structure(tree)
    assert [leaf for _, leaf in pytree.tree_leaves_with_path(tree)] == leaves
    for path, leaf in pytree.tree_leaves_with_path(tree):
        assert pytree.key_get(tree, path) == leaf
    if isinstance(tree, defaultdict):
        assert again["new"] == []


@pytest.mark.compare
@pytest.mark.parametrize("tree", TREES[:-1], ids=repr)
def test_structures_print_as_torchs(tree):
    theirs = pytest.importorskip("torch.utils._pytree")
    leaves, spec = theirs.tree_flatten(tree)
    assert pytree.tree_flatten(tree)[0] == leaves
    assert repr(pytree.tree_structure(tree)) == repr(spec)
    assert pytree.tree_structure(tree).num_nodes == spec.num_nodes
    paths = [theirs.keystr(path) for path, _ in theirs.tree_leaves_with_path(tree)]
    assert [pytree.keystr(path) for path, _ in pytree.tree_leaves_with_path(tree)] == paths


def test_map():
    assert pytree.tree_map(lambda x: x + 1, [1, {"a": (2,)}]) == [2, {"a": (3,)}]
    assert pytree.tree_map(lambda x, y: x + y, {"a": 1, "b": 2}, {"b": 10, "a": 20}) == {
        "a": 21,
        "b": 12,
    }
    assert pytree.tree_map(len, [[1, 2], []], is_leaf=lambda x: x != [] and x[0] == 1) == [2, []]
    assert pytree.tree_map_only(int, str, [1, "a", 2.0]) == ["1", "a", 2.0]
    assert pytree.tree_map_only((int, float), str, [1, "a", 2.0]) == ["1", "a", "2.0"]
    assert pytree.tree_all(bool, [1, [2]]) and not pytree.tree_any(bool, [0, {"a": 0}])
    assert pytree.tree_any_only(int, bool, ["x", 1]) and pytree.tree_all_only(int, bool, ["", 1])
    seen = []
    tree = [1, (2,)]
    assert pytree.tree_map_(seen.append, tree) is tree and seen == [1, 2]
    named = pytree.tree_map_with_path(lambda path, x: pytree.keystr(path), {"a": [1, Pair(1, 2)]})
    assert named == {"a": ["['a'][0]", Pair("['a'][1].left", "['a'][1].right")]}


def test_trees_that_differ():
    with pytest.raises(ValueError, match="Node arity mismatch; expected 2, but got 1"):
        pytree.tree_map(max, [1, 2], [1])
    with pytest.raises(ValueError, match="Node type mismatch"):
        pytree.tree_map(max, [1, 2], (1, 2))
    with pytest.raises(ValueError, match="Node keys mismatch"):
        pytree.tree_map(max, {"a": 1}, {"b": 1})
    with pytest.raises(ValueError, match="has length 2 but the spec refers to a pytree that holds"):
        pytree.tree_unflatten([1, 2], pytree.tree_structure([0]))
    with pytest.raises(TypeError, match="instance of TreeSpec"):
        pytree.tree_unflatten([1], 3)
    assert pytree.tree_structure([0]) != pytree.tree_structure((0,))


def test_registered_classes():
    class Box:
        def __init__(self, inside, label):
            self.inside, self.label = inside, label

    def flatten(box):
        return [box.inside], box.label

    pytree.register_pytree_node(Box, flatten, lambda parts, label: Box(*parts, label))
    box = pytree.tree_map(lambda x: x + 1, {"a": Box([1, 2], "here")})["a"]
    assert box.inside == [2, 3] and box.label == "here"
    with pytest.raises(ValueError, match="already registered"):
        pytree.register_pytree_node(Box, flatten, None)

    @dataclasses.dataclass
    class Point:
        x: int
        y: int

    pytree.register_dataclass(Point)
    assert pytree.tree_map(lambda x: -x, Point(1, 2)) == Point(-1, -2)
    assert pytree.keystr(pytree.tree_leaves_with_path(Point(1, 2))[1][0]) == ".y"
