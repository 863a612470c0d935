"""Trees of containers: taken apart into leaves and put together again.

A list, tuple, dict, named tuple, OrderedDict, defaultdict, deque or a registered class is a node;
everything else, None included, is a leaf.  Source: torch.utils._pytree.
"""

from __future__ import annotations

import dataclasses
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, TypeAlias

from minitorch.size import Size

__all__ = [
    "Context",
    "GetAttrKey",
    "KeyEntry",
    "KeyPath",
    "LeafSpec",
    "MappingKey",
    "PyTree",
    "SequenceKey",
    "TreeSpec",
    "arg_tree_leaves",
    "is_namedtuple",
    "is_namedtuple_class",
    "is_namedtuple_instance",
    "key_get",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "tree_all",
    "tree_all_only",
    "tree_any",
    "tree_any_only",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_is_leaf",
    "tree_iter",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_",
    "tree_map_only",
    "tree_map_only_",
    "tree_map_with_path",
    "tree_structure",
    "tree_unflatten",
    "treespec_pprint",
]

PyTree: TypeAlias = Any
Context: TypeAlias = Any


# --- where a leaf is ------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class SequenceKey:
    """A place in a list or tuple."""

    idx: int

    def __str__(self):
        return f"[{self.idx!r}]"

    def get(self, sequence):
        """What is there."""
        return sequence[self.idx]


@dataclasses.dataclass(frozen=True)
class MappingKey:
    """A key of a dict."""

    key: Any

    def __str__(self):
        return f"[{self.key!r}]"

    def get(self, mapping):
        """What is there."""
        return mapping[self.key]


@dataclasses.dataclass(frozen=True)
class GetAttrKey:
    """An attribute, such as a field of a named tuple."""

    name: str

    def __str__(self):
        return f".{self.name}"

    def get(self, obj):
        """What is there."""
        return getattr(obj, self.name)


KeyEntry: TypeAlias = Any
KeyPath: TypeAlias = tuple[KeyEntry, ...]


def keystr(kp: KeyPath) -> str:
    """A path as it would be written in Python, ``['a'][0].b``."""
    return "".join(map(str, kp))


def key_get(obj: Any, kp: KeyPath) -> Any:
    """What the path leads to."""
    for key in kp:
        obj = key.get(obj)
    return obj


# --- the kinds of nodes ---------------------------------------------------------------------------


class _Kind(NamedTuple):
    """How nodes of one type are taken apart and put together."""

    flatten: Callable[[Any], tuple[list, Any]]
    unflatten: Callable[[Iterable, Any], Any]
    keys: Callable[[Any], list] | None = None


def _places(node):
    return [SequenceKey(i) for i in range(len(node))]


def _names(node):
    return [MappingKey(key) for key in node]


class _NamedTuple:
    """Stands for all named tuples in the table below."""


_KINDS: dict[Any, _Kind] = {
    list: _Kind(lambda node: (node, None), lambda parts, _: list(parts), _places),
    tuple: _Kind(lambda node: (list(node), None), lambda parts, _: tuple(parts), _places),
    Size: _Kind(lambda node: (list(node), None), lambda parts, _: Size(parts), _places),
    deque: _Kind(
        lambda node: (list(node), node.maxlen),
        lambda parts, maxlen: deque(parts, maxlen),
        _places,
    ),
    dict: _Kind(
        lambda node: (list(node.values()), list(node)),
        lambda parts, keys: dict(zip(keys, parts, strict=True)),
        _names,
    ),
    OrderedDict: _Kind(
        lambda node: (list(node.values()), list(node)),
        lambda parts, keys: OrderedDict(zip(keys, parts, strict=True)),
        _names,
    ),
    defaultdict: _Kind(
        lambda node: (list(node.values()), [node.default_factory, list(node)]),
        lambda parts, context: defaultdict(context[0], zip(context[1], parts, strict=True)),
        _names,
    ),
    _NamedTuple: _Kind(
        lambda node: (list(node), type(node)),
        lambda parts, cls: cls(*parts),
        lambda node: [GetAttrKey(name) for name in node._fields],
    ),
}
_MAPPINGS = (dict, OrderedDict, defaultdict)


def is_namedtuple_class(cls: type) -> bool:
    """Whether a class is a named tuple."""
    return (
        isinstance(cls, type)
        and issubclass(cls, tuple)
        and isinstance(getattr(cls, "_fields", None), tuple)
    )


def is_namedtuple_instance(obj: object) -> bool:
    """Whether an object is a named tuple."""
    return is_namedtuple_class(type(obj))


def is_namedtuple(obj: object | type) -> bool:
    """Whether an object or a class is a named tuple."""
    return is_namedtuple_class(obj if isinstance(obj, type) else type(obj))


def _type_of(node):
    """The type that ``node`` has in the table, or None for a leaf."""
    cls = type(node)
    if cls in _KINDS:
        return cls
    return _NamedTuple if is_namedtuple_class(cls) else None


def register_pytree_node(
    cls: type,
    flatten_fn: Callable[[Any], tuple[list, Context]],
    unflatten_fn: Callable[[Iterable, Context], Any],
    *,
    serialized_type_name: str | None = None,
    to_dumpable_context: Callable | None = None,
    from_dumpable_context: Callable | None = None,
    flatten_with_keys_fn: Callable | None = None,
) -> None:
    """Make objects of ``cls`` nodes.  Raises ValueError if they are that already."""
    if cls in _KINDS:
        raise ValueError(f"{cls} is already registered as pytree node.")
    keys = None
    if flatten_with_keys_fn is not None:
        with_keys = flatten_with_keys_fn

        def keys(node):
            return [key for key, _ in with_keys(node)[0]]

    _KINDS[cls] = _Kind(flatten_fn, unflatten_fn, keys)


_register_pytree_node = register_pytree_node


def register_dataclass(
    cls: type,
    *,
    field_names: list[str] | None = None,
    drop_field_names: list[str] | None = None,
    serialized_type_name: str | None = None,
) -> None:
    """Make objects of a dataclass nodes, whose children are the fields."""
    fields = field_names or [field.name for field in dataclasses.fields(cls) if field.init]
    fields = [name for name in fields if name not in (drop_field_names or ())]
    register_pytree_node(
        cls,
        lambda node: ([getattr(node, name) for name in fields], None),
        lambda parts, _: cls(**dict(zip(fields, parts, strict=True))),
        flatten_with_keys_fn=lambda node: (
            [(GetAttrKey(name), getattr(node, name)) for name in fields],
            None,
        ),
    )


# --- the structure --------------------------------------------------------------------------------


class TreeSpec:
    """A tree without its leaves.  Two are equal where the trees have the same structure."""

    def __init__(self, type: Any, context: Context, children_specs: list[TreeSpec]):
        self.type = type
        self.context = context
        self.children_specs = children_specs
        self.num_children = len(children_specs)
        self.num_nodes: int = 1 + sum(child.num_nodes for child in children_specs)
        self.num_leaves: int = sum(child.num_leaves for child in children_specs)

    def is_leaf(self) -> bool:
        """Whether it is a leaf."""
        return self.type is None

    def children(self) -> list[TreeSpec]:
        """The structures of its children."""
        return list(self.children_specs)

    def child(self, index: int) -> TreeSpec:
        """The structure of a child."""
        return self.children_specs[index]

    def flatten_up_to(self, tree: PyTree) -> list[PyTree]:
        """The subtrees of ``tree`` that stand where this has leaves.

        Raises ValueError where the trees differ.
        """
        if self.type is None:
            return [tree]
        cls = _type_of(tree)
        both_mappings = cls in _MAPPINGS and self.type in _MAPPINGS
        if cls is not self.type and not both_mappings:
            raise ValueError(
                f"Node type mismatch; expected {_shown(self.type)!r}, but got {type(tree)!r}."
            )
        parts, context = _KINDS[cls].flatten(tree)
        parts = list(parts)
        if len(parts) != self.num_children:
            raise ValueError(
                f"Node arity mismatch; expected {self.num_children}, but got {len(parts)}."
            )
        if both_mappings:
            keys = self.context[1] if self.type is defaultdict else self.context
            if set(keys) != set(tree):
                raise ValueError(f"Node keys mismatch; expected {keys!r}, but got {list(tree)!r}.")
            parts = [tree[key] for key in keys]
        elif context != self.context and cls is not deque:
            raise ValueError(f"Node context mismatch for custom node type {_shown(self.type)!r}.")
        return [
            leaf
            for part, child in zip(parts, self.children_specs, strict=True)
            for leaf in child.flatten_up_to(part)
        ]

    def unflatten(self, leaves: Iterable[Any]) -> PyTree:
        """The tree with these leaves.  Raises ValueError unless their number is right."""
        leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec "
                f"refers to a pytree that holds {self.num_leaves} items ({self})."
            )
        return self._built(iter(leaves))

    def _built(self, leaves):
        if self.type is None:
            return next(leaves)
        parts = [child._built(leaves) for child in self.children_specs]
        return _KINDS[self.type].unflatten(parts, self.context)

    def __eq__(self, other):
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return (self.type, self.context, self.children_specs) == (
            other.type,
            other.context,
            other.children_specs,
        )

    def __hash__(self):
        return hash((self.type, repr(self.context), tuple(self.children_specs)))

    def __repr__(self):
        return self._text(0)

    def _text(self, indent):
        if self.type is None:
            return "*"
        name = "namedtuple" if self.type is _NamedTuple else self.type.__name__
        between = ",\n" + " " * (indent + 2)
        children = between.join(child._text(indent + 2) for child in self.children_specs)
        return f"TreeSpec({name}, {self.context}, [{children}])"


def _shown(cls):
    return "namedtuple" if cls is _NamedTuple else cls


class LeafSpec(TreeSpec):
    """The structure of a leaf."""

    def __init__(self):
        super().__init__(None, None, [])
        self.num_leaves = 1


_LEAF = LeafSpec()


def treespec_pprint(treespec: TreeSpec) -> str:
    """The structure as text."""
    return repr(treespec)


# --- taking apart and putting together ------------------------------------------------------------


def tree_is_leaf(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> bool:
    """Whether ``tree`` is a leaf; ``is_leaf`` may make more of them."""
    return (is_leaf is not None and is_leaf(tree)) or _type_of(tree) is None


def _flatten(tree, is_leaf, leaves):
    if tree_is_leaf(tree, is_leaf):
        leaves.append(tree)
        return _LEAF
    cls = _type_of(tree)
    parts, context = _KINDS[cls].flatten(tree)
    return TreeSpec(cls, context, [_flatten(part, is_leaf, leaves) for part in parts])


def tree_flatten(
    tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None
) -> tuple[list[Any], TreeSpec]:
    """The leaves from left to right, and the structure."""
    leaves: list[Any] = []
    spec = _flatten(tree, is_leaf, leaves)
    return leaves, spec


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> PyTree:
    """The tree of that structure with these leaves."""
    if not isinstance(treespec, TreeSpec):
        raise TypeError(
            "tree_unflatten(leaves, treespec): Expected `treespec` to be instance of TreeSpec but "
            f"got item of type {type(treespec)}."
        )
    return treespec.unflatten(leaves)


def tree_iter(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> Iterator[Any]:
    """The leaves, one after another."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
    else:
        for part in _KINDS[_type_of(tree)].flatten(tree)[0]:
            yield from tree_iter(part, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> list[Any]:
    """The leaves as a list."""
    return list(tree_iter(tree, is_leaf))


def arg_tree_leaves(*args: PyTree, **kwargs: PyTree) -> list[Any]:
    """The leaves of a call's arguments."""
    return tree_leaves((args, kwargs))


def tree_structure(tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None) -> TreeSpec:
    """The structure without the leaves."""
    return tree_flatten(tree, is_leaf)[1]


def _with_paths(tree, is_leaf, path):
    if tree_is_leaf(tree, is_leaf):
        yield path, tree
        return
    kind = _KINDS[_type_of(tree)]
    if kind.keys is None:
        raise ValueError(f"Did not find a flatten_with_keys_fn for type: {type(tree)}.")
    parts = kind.flatten(tree)[0]
    for key, part in zip(kind.keys(tree), parts, strict=True):
        yield from _with_paths(part, is_leaf, (*path, key))


def tree_leaves_with_path(
    tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None
) -> list[tuple[KeyPath, Any]]:
    """The leaves, each with the path that leads to it."""
    return list(_with_paths(tree, is_leaf, ()))


def tree_flatten_with_path(
    tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None
) -> tuple[list[tuple[KeyPath, Any]], TreeSpec]:
    """The leaves with their paths, and the structure."""
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


# --- on every leaf --------------------------------------------------------------------------------


def tree_map(
    func: Callable[..., Any],
    tree: PyTree,
    *rests: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> PyTree:
    """The tree of ``func``'s results on the leaves of ``tree``, and of ``rests`` beside them.

    Raises ValueError where the trees differ in structure.
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    columns = [leaves, *(spec.flatten_up_to(rest) for rest in rests)]
    return spec.unflatten(map(func, *columns))


def tree_map_(
    func: Callable[..., Any],
    tree: PyTree,
    *rests: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> PyTree:
    """Call ``func`` on the leaves for what it does to them; ``tree`` itself."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def tree_map_with_path(
    func: Callable[..., Any],
    tree: PyTree,
    *rests: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> PyTree:
    """Like ``tree_map``; ``func`` gets the leaf's path first."""
    pairs, spec = tree_flatten_with_path(tree, is_leaf)
    columns = [
        [path for path, _ in pairs],
        [leaf for _, leaf in pairs],
        *(spec.flatten_up_to(rest) for rest in rests),
    ]
    return spec.unflatten(map(func, *columns))


def _chosen(type_or_types_or_pred):
    """The question whether a leaf is of the types, or the predicate itself."""
    if isinstance(type_or_types_or_pred, (type, tuple, types.UnionType)):
        return lambda leaf: isinstance(leaf, type_or_types_or_pred)
    if callable(type_or_types_or_pred):
        return type_or_types_or_pred
    raise TypeError("Argument must be a type, a tuple of types, or a callable.")


def tree_map_only(
    type_or_types_or_pred: Any,
    /,
    func: Callable[[Any], Any],
    tree: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> PyTree:
    """Like ``tree_map``, but leaves of other types stay as they are."""
    chosen = _chosen(type_or_types_or_pred)
    return tree_map(lambda leaf: func(leaf) if chosen(leaf) else leaf, tree, is_leaf=is_leaf)


def tree_map_only_(
    type_or_types_or_pred: Any,
    /,
    func: Callable[[Any], Any],
    tree: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> PyTree:
    """Like ``tree_map_``, on leaves of these types."""
    tree_map_only(type_or_types_or_pred, func, tree, is_leaf)
    return tree


def tree_all(
    pred: Callable[[Any], bool], tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None
) -> bool:
    """Whether ``pred`` holds for all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(
    pred: Callable[[Any], bool], tree: PyTree, is_leaf: Callable[[PyTree], bool] | None = None
) -> bool:
    """Whether ``pred`` holds for a leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(
    type_or_types: Any,
    /,
    pred: Callable[[Any], bool],
    tree: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> bool:
    """Whether ``pred`` holds for all leaves of these types."""
    chosen = _chosen(type_or_types)
    return all(pred(leaf) for leaf in tree_iter(tree, is_leaf) if chosen(leaf))


def tree_any_only(
    type_or_types: Any,
    /,
    pred: Callable[[Any], bool],
    tree: PyTree,
    is_leaf: Callable[[PyTree], bool] | None = None,
) -> bool:
    """Whether ``pred`` holds for a leaf of these types."""
    chosen = _chosen(type_or_types)
    return any(pred(leaf) for leaf in tree_iter(tree, is_leaf) if chosen(leaf))
