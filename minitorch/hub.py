"""Files and models from the net, kept in a folder: PyTorch's own, so that what is there is found.

The folder is ``$TORCH_HOME/hub``, else ``$XDG_CACHE_HOME/torch/hub``, else ``~/.cache/torch/hub``.
Without a network, put a checkpoint into its ``checkpoints`` folder by hand.  Source: torch.hub.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from minitorch.serialization import load as load_file

__all__ = [
    "download_url_to_file",
    "get_dir",
    "help",
    "list",
    "load",
    "load_state_dict_from_url",
    "set_dir",
]

_CHUNK = 128 * 1024
#: Owners of repositories that torch trusts unasked.
_TRUSTED_OWNERS = ("facebookresearch", "facebookincubator", "pytorch", "fairinternal")

_chosen_dir: str | None = None


# --- the folder -----------------------------------------------------------------------------------


def get_dir() -> str:
    """The folder that downloads are kept in.  Source: torch.hub.get_dir."""
    if _chosen_dir is not None:
        return _chosen_dir
    cache = os.getenv("XDG_CACHE_HOME", "~/.cache")
    home = os.getenv("TORCH_HOME", os.path.join(cache, "torch"))
    return os.path.join(os.path.expanduser(home), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep downloads in the folder ``d`` from now on.  Source: torch.hub.set_dir."""
    global _chosen_dir
    _chosen_dir = os.path.expanduser(d)


# --- files ----------------------------------------------------------------------------------------


def download_url_to_file(
    url: str, dst: str | os.PathLike[str], hash_prefix: str | None = None, progress: bool = True
) -> None:
    """Download a file; ``dst`` appears when all of it is there.

    Args:
        url: where it is.
        dst: the path it is written to.
        hash_prefix: how the SHA-256 of its content begins.
        progress: show on stderr how far it is.

    Raises URLError without a network, HTTPError if the server refuses, RuntimeError for another
    hash.  Source: torch.hub.download_url_to_file.
    """
    target = Path(dst).expanduser()
    request = urllib.request.Request(url, headers={"User-Agent": "minitorch.hub"})
    partial = target.with_name(f"{target.name}.{secrets.token_hex(16)}.partial")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(request) as answer, open(partial, "xb") as file:
            length = answer.headers.get("Content-Length")
            with _Progress(None if length is None else int(length), progress) as shown:
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    digest.update(chunk)
                    shown.update(len(chunk))
        if hash_prefix is not None and not digest.hexdigest().startswith(hash_prefix):
            raise RuntimeError(
                f'invalid hash value (expected "{hash_prefix}", got "{digest.hexdigest()}")'
            )
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


class _Progress:
    """How much has come, on stderr: in tqdm's bar where that is installed, else as a number."""

    def __init__(self, total: int | None, shown: bool) -> None:
        self.total, self.count, self.shown = total, 0, shown
        self.bar = None
        if shown:
            with contextlib.suppress(ImportError):
                from tqdm import tqdm

                self.bar = tqdm(total=total, unit="B", unit_scale=True, unit_divisor=1024)

    def __enter__(self) -> _Progress:
        return self

    def update(self, count: int) -> None:
        self.count += count
        if self.bar is not None:
            self.bar.update(count)
        elif self.shown:
            done = f"{100 * self.count / self.total:.1f}%" if self.total else f"{self.count} bytes"
            print(f"\r{done}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.close()
        elif self.shown:
            print(file=sys.stderr)


def load_state_dict_from_url(
    url: str,
    model_dir: str | os.PathLike[str] | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """Load a checkpoint, from the folder if it is there, else from the net.

    Args:
        url: where the file is; the last part of its path is its name in the folder.
        model_dir: the folder; ``checkpoints`` in :func:`get_dir` when None.
        map_location: as for ``minitorch.load``.
        progress: show on stderr how far a download is.
        check_hash: the name ends in ``-<beginning of the SHA-256>.``; check it after a download.
        file_name: another name in the folder.
        weights_only: changes nothing: loading never runs anything from the file.

    Raises URLError, naming the path that was looked for, if the file is not there and cannot be
    downloaded.  Source: torch.hub.load_state_dict_from_url.
    """
    folder = Path(os.path.join(get_dir(), "checkpoints") if model_dir is None else model_dir)
    name = file_name or os.path.basename(urllib.parse.urlparse(url).path)
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f'Downloading: "{url}" to {path}')
        found = re.search(r"-([a-f0-9]*)\.", name) if check_hash else None
        try:
            download_url_to_file(url, path, found and found[1], progress)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError as error:
            raise urllib.error.URLError(
                f"{path} is not there, and {url} cannot be reached ({error.reason}); "
                "put the file there by hand"
            ) from error
    return load_file(path, map_location, weights_only=weights_only)


# --- repositories ---------------------------------------------------------------------------------


def load(
    repo_or_dir: str,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: bool | str | None = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """Call a function of the ``hubconf.py`` of a repository, which runs code from there.

    Args:
        repo_or_dir: ``owner/name`` or ``owner/name:branch`` on GitHub; a folder, if ``source`` is
            "local".  The networks of pytorch/vision are ``minitorch.vision``'s own: nothing of it
            is downloaded but weights.
        model: the name of the function.
        *args, **kwargs: its arguments.
        source: "github" or "local".
        trust_repo: "check" asks before code of an unknown repository is downloaded; True does not
            ask, False always does.
        force_reload: download what is there already.
        verbose: say on stderr that the folder's copy is used.
        skip_validation: do not ask GitHub whether the branch belongs to the repository.

    Raises RuntimeError if there is no such function, a package that ``hubconf.py`` lists in
    ``dependencies`` is missing, or nothing is there and there is no network; ValueError for another
    source.  Source: torch.hub.load.
    """
    options = (force_reload, trust_repo, verbose, skip_validation)
    with _hubconf(repo_or_dir, source, *options) as module:
        return _entry(module, model)(*args, **kwargs)


def list(
    github: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str | None = "check",
    verbose: bool = True,
    *,
    source: str = "github",
) -> Any:
    """The functions of a repository's ``hubconf.py``, which is run.  Arguments as for :func:`load`.

    Source: torch.hub.list; ``source`` is minitorch's own.
    """
    options = (force_reload, trust_repo, verbose, skip_validation)
    with _hubconf(github, source, *options) as module:
        return [
            name
            for name in dir(module)
            if not name.startswith("_") and callable(getattr(module, name))
        ]


def help(
    github: str,
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: bool | str | None = "check",
    *,
    source: str = "github",
) -> str | None:
    """The docstring of a function of a repository's ``hubconf.py``.

    Arguments as for :func:`load`.  Source: torch.hub.help; ``source`` is minitorch's own.
    """
    with _hubconf(github, source, force_reload, trust_repo, True, skip_validation) as module:
        return _entry(module, model).__doc__


@contextlib.contextmanager
def _hubconf(
    repo_or_dir: str | os.PathLike[str],
    source: str,
    force_reload: bool,
    trust_repo: bool | str | None,
    verbose: bool,
    skip_validation: bool,
) -> Iterator[Any]:
    """The module ``hubconf.py`` of a folder or repository, which is on the path meanwhile."""
    if source.lower() not in ("github", "local"):
        raise ValueError(f'Unknown source: "{source}". Allowed values: "github" | "local".')
    folder = repo_or_dir
    if source.lower() == "github":
        github = os.fspath(repo_or_dir)
        if github.partition(":")[0] == "pytorch/vision":
            yield _networks_of_vision()
            return
        folder = _repository(github, force_reload, trust_repo, verbose, skip_validation)
    path = os.path.join(folder, "hubconf.py")
    spec = importlib.util.spec_from_file_location("hubconf.py", path)
    assert spec is not None and spec.loader is not None
    sys.path.insert(0, os.fspath(folder))
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(os.fspath(folder))


def _networks_of_vision() -> SimpleNamespace:
    """What ``hubconf.py`` of pytorch/vision offers: minitorch has those networks itself."""
    # Here and not above: vision stands higher than hub.
    from minitorch.vision import models

    return SimpleNamespace(
        **{name: models.get_model_builder(name) for name in models.list_models()}
    )


def _entry(module: Any, name: str) -> Callable[..., Any]:
    if not isinstance(name, str):
        raise ValueError("Invalid input: model should be a string of function name")
    needed = getattr(module, "dependencies", None) or ()
    missing = [package for package in needed if importlib.util.find_spec(package) is None]
    if missing:
        raise RuntimeError(f"Missing dependencies: {', '.join(missing)}")
    function = getattr(module, name, None)
    if not callable(function):
        raise RuntimeError(f"Cannot find callable {name} in hubconf")
    return function


def _repository(
    github: str,
    force_reload: bool,
    trust_repo: bool | str | None,
    verbose: bool,
    skip_validation: bool,
) -> str:
    """The folder of a repository on GitHub, downloaded if it is not there."""
    where, _, branch = github.partition(":")
    owner, name = where.split("/")
    branch = branch or _default_branch(owner, name)
    Path(get_dir()).mkdir(parents=True, exist_ok=True)
    folder = Path(get_dir(), f"{owner}_{name}_{branch.replace('/', '_')}")
    _check_trust(owner, name, folder, trust_repo)
    if folder.exists() and not force_reload:
        if verbose:
            print(f"Using cache found in {folder}", file=sys.stderr)
        return str(folder)
    if not skip_validation:
        _check_branch(owner, name, branch)
    archive = folder.with_name(f"{folder.name}.zip")
    url = f"https://github.com/{owner}/{name}/zipball/{branch}"
    print(f'Downloading: "{url}" to {archive}')
    download_url_to_file(url, archive, progress=False)
    unpacked = folder.with_name(f"{folder.name}.{secrets.token_hex(8)}")
    try:
        with zipfile.ZipFile(archive) as packed:
            # All stands in one folder; extractall keeps every path inside its target.
            top = packed.infolist()[0].filename.split("/")[0]
            packed.extractall(unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(unpacked / top, folder)
    finally:
        archive.unlink(missing_ok=True)
        shutil.rmtree(unpacked, ignore_errors=True)
    return str(folder)


def _default_branch(owner: str, name: str) -> str:
    try:
        with urllib.request.urlopen(f"https://github.com/{owner}/{name}/tree/main/"):
            return "main"
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return "master"
    except urllib.error.URLError as error:
        for branch in ("main", "master"):
            if os.path.exists(os.path.join(get_dir(), f"{owner}_{name}_{branch}")):
                return branch
        raise RuntimeError(
            "It looks like there is no internet connection and the repo could not be found in the "
            f"cache ({get_dir()})"
        ) from error


def _check_branch(owner: str, name: str, branch: str) -> None:
    """GitHub shows the commits of forks under the original's name: refuse what is no branch or
    tag of the repository itself.
    """
    headers = {"Accept": "application/vnd.github.v3+json"}
    if token := os.getenv("GITHUB_TOKEN"):
        headers["Authorization"] = f"token {token}"
    for kind in ("branches", "tags"):
        page = 1
        while True:
            url = f"https://api.github.com/repos/{owner}/{name}/{kind}?per_page=100&page={page}"
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
                known = json.load(answer)
            if not known:
                break
            for entry in known:
                if entry["name"] == branch or entry["commit"]["sha"].startswith(branch):
                    return
            page += 1
    raise ValueError(
        f"Cannot find {branch} in https://github.com/{owner}/{name}. If it's a commit from a "
        "forked repo, please call hub.load() with forked repo directly."
    )


def _check_trust(owner: str, name: str, folder: Path, trust_repo: bool | str | None) -> None:
    """Asks, where that is wanted, before code is downloaded; notes what is trusted."""
    record = Path(get_dir(), "trusted_list")
    listed = record.read_text().split() if record.exists() else []
    known = f"{owner}_{name}" in listed or folder.exists() or owner in _TRUSTED_OWNERS
    if trust_repo is False or (trust_repo == "check" and not known):
        response = input(
            f"The repository {owner}_{name} does not belong to the list of trusted repositories "
            "and as such cannot be downloaded. Do you trust this repository and wish to add it to "
            "the trusted list of repositories (y/N)?"
        )
        if response.lower() in ("n", "no", ""):
            raise Exception("Untrusted repository.")
        if response.lower() not in ("y", "yes"):
            raise ValueError(f"Unrecognized response {response}.")
    if not known:
        with open(record, "a") as file:
            file.write(f"{owner}_{name}\n")
