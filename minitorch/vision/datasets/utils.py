"""Files of data sets: checked, downloaded and unpacked.  Source: torchvision.datasets.utils."""

import bz2
import contextlib
import gzip
import hashlib
import http.client
import lzma
import os
import pathlib
import shutil
import tarfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

__all__ = [
    "calculate_md5",
    "check_integrity",
    "check_md5",
    "download_and_extract_archive",
    "download_file_from_google_drive",
    "download_url",
    "extract_archive",
    "fetch",
    "iterable_to_str",
    "list_dir",
    "list_files",
    "verify_str_arg",
]

_Path = str | os.PathLike[str]

#: How long a server may stay silent, in seconds.
_TIMEOUT = 30
#: How much is read or copied at once, in bytes.
_PIECE = 1 << 20

_OPENERS: dict[str, Callable[..., Any]] = {".bz2": bz2.open, ".gz": gzip.open, ".xz": lzma.open}
#: Endings that stand for two.
_ALIASES = {".tbz": (".tar", ".bz2"), ".tbz2": (".tar", ".bz2"), ".tgz": (".tar", ".gz")}


# Checking


def calculate_md5(fpath: _Path, chunk_size: int = _PIECE) -> str:
    """The MD5 of a file, as 32 hexadecimal digits.

    Source: torchvision.datasets.utils.calculate_md5.
    """
    digest = hashlib.md5(usedforsecurity=False)
    with open(fpath, "rb") as file:
        while piece := file.read(chunk_size):
            digest.update(piece)
    return digest.hexdigest()


def check_md5(fpath: _Path, md5: str, **kwargs: Any) -> bool:
    """Whether a file has this MD5.  Source: torchvision.datasets.utils.check_md5."""
    return md5 == calculate_md5(fpath, **kwargs)


def check_integrity(fpath: _Path, md5: str | None = None) -> bool:
    """Whether there is such a file, with this MD5 if one is given.

    Source: torchvision.datasets.utils.check_integrity.
    """
    return os.path.isfile(fpath) and (md5 is None or check_md5(fpath, md5))


def verify_str_arg(
    value: Any,
    arg: str | None = None,
    valid_values: Iterable[str] | None = None,
    custom_msg: str | None = None,
) -> str:
    """``value`` back, where it is a string and one of ``valid_values``.

    Errors: ValueError otherwise, with ``custom_msg`` where that is given.
    Source: torchvision.datasets.utils.verify_str_arg.
    """
    if not isinstance(value, str):
        where = "" if arg is None else f" for argument {arg}"
        raise ValueError(f"Expected type str{where}, but got type {type(value)}.")
    if valid_values is not None and value not in (valid := list(valid_values)):
        raise ValueError(
            custom_msg
            or f"Unknown value '{value}' for argument {arg}. "
            f"Valid values are {{{iterable_to_str(valid)}}}."
        )
    return value


def iterable_to_str(iterable: Iterable[Any]) -> str:
    """``'a', 'b'`` of some values.  Source: torchvision.datasets.utils.iterable_to_str."""
    return ", ".join(f"'{item}'" for item in iterable)


# Listing


def list_dir(root: _Path, prefix: bool = False) -> list[str]:
    """The folders in a folder, with its path before them if ``prefix``.

    Source: torchvision.datasets.utils.list_dir.
    """
    return _listed(root, os.path.isdir, prefix)


def list_files(root: _Path, suffix: str | tuple[str, ...], prefix: bool = False) -> list[str]:
    """The files in a folder that end in ``suffix``, with its path before them if ``prefix``.

    Source: torchvision.datasets.utils.list_files.
    """
    names = _listed(root, os.path.isfile, prefix)
    return [name for name in names if name.endswith(suffix)]


def _listed(root: _Path, wanted: Callable[[str], bool], prefix: bool) -> list[str]:
    root = os.path.expanduser(root)
    names = [name for name in os.listdir(root) if wanted(os.path.join(root, name))]
    return [os.path.join(root, name) for name in names] if prefix is True else names


# Downloading


def fetch(url: str, path: _Path, md5: str | None = None) -> None:
    """Gets ``url`` into the file ``path``, which appears whole and checked, or not at all.

    Errors: OSError or HTTPException where that fails.
    """
    request = urllib.request.Request(url, headers={"User-Agent": "minitorch"})
    partial = f"{os.fspath(path)}.{os.getpid()}.part"
    try:
        with (
            urllib.request.urlopen(request, timeout=_TIMEOUT) as response,
            open(partial, "wb") as file,
        ):
            shutil.copyfileobj(response, file, _PIECE)
        if md5 is not None and (found := calculate_md5(partial)) != md5:
            raise OSError(f"the file has MD5 {found}, expected {md5}")
        os.replace(partial, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)


def download_url(
    url: str,
    root: _Path,
    filename: _Path | None = None,
    md5: str | None = None,
    max_redirect_hops: int = 3,
) -> None:
    """Gets a file into the folder ``root``, unless it is there with the right MD5.

    Args:
        url: where from.
        root: the folder, made where it is absent.
        filename: the name of the file there; the end of ``url`` when None.
        md5: what it must be; unchecked when None.
        max_redirect_hops: accepted; urllib follows as many redirections as it does.

    Errors: URLError, an OSError, where it cannot be had; RuntimeError for another MD5.
    Source: torchvision.datasets.utils.download_url.
    """
    root = os.path.expanduser(root)
    path = os.path.join(root, filename or os.path.basename(url))
    if check_integrity(path, md5):
        return
    os.makedirs(root, exist_ok=True)
    try:
        fetch(url, path)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise urllib.error.URLError(
            f"cannot download {url}: {reason}. Offline, put the file at {path}"
        ) from error
    if not check_integrity(path, md5):
        raise RuntimeError(
            f"File not found or corrupted. {url} has MD5 {calculate_md5(path)}, expected {md5}"
        )


def download_file_from_google_drive(
    file_id: str, root: _Path, filename: _Path | None = None, md5: str | None = None
) -> None:
    """Gets a file of Google Drive into the folder ``root``, unless it is there already.

    Errors: RuntimeError without the package gdown, or for another MD5.
    Source: torchvision.datasets.utils.download_file_from_google_drive.
    """
    root = os.path.expanduser(root)
    path = os.path.join(root, filename or file_id)
    if check_integrity(path, md5):
        return
    try:
        import gdown  # type: ignore[import-not-found]
    except ImportError:
        raise RuntimeError(
            "To download files from GDrive, 'gdown' is required. "
            "You can install it with 'pip install gdown'. "
            f"Offline, put the file at {path}"
        ) from None
    os.makedirs(root, exist_ok=True)
    gdown.download(id=file_id, output=path, quiet=False)
    if not check_integrity(path, md5):
        raise RuntimeError("File not found or corrupted.")


# Unpacking


def extract_archive(
    from_path: _Path, to_path: _Path | None = None, remove_finished: bool = False
) -> _Path:
    """Unpacks an archive (tar, zip) or a packed file (gz, bz2, xz), by the endings of its name.

    Args:
        from_path: the file.
        to_path: the folder to unpack into; that of the file when None.
        remove_finished: delete the file afterwards.

    Returns: the folder of an archive, the path of an unpacked file.
    Errors: RuntimeError for other endings; tarfile's errors for a member that would land outside
    the folder.
    Source: torchvision.datasets.utils.extract_archive.
    """
    folder = os.fspath(os.path.dirname(from_path) if to_path is None else to_path)
    suffix, archive, packing = _kind_of_file(from_path)
    if archive == ".tar":
        how: Any = f"r:{packing[1:]}" if packing else "r"
        with tarfile.open(from_path, how) as tar:
            tar.extractall(folder, filter="data")  # refuses paths and links that lead outside
        result = folder
    elif archive == ".zip":
        with zipfile.ZipFile(from_path) as members:
            members.extractall(folder)  # drops ".." and leading slashes
        result = folder
    else:
        name = os.path.basename(from_path).replace(suffix, "")
        result = os.path.join(folder, name)
        with _OPENERS[suffix](from_path, "rb") as packed, open(result, "wb") as file:
            shutil.copyfileobj(packed, file, _PIECE)
    if remove_finished:
        os.remove(from_path)
    return result if isinstance(from_path, str) else pathlib.Path(result)


def _kind_of_file(path: _Path) -> tuple[str, str | None, str | None]:
    """The ending of a name, the kind of archive and the kind of packing that it says."""
    suffixes = pathlib.Path(path).suffixes
    if not suffixes:
        raise RuntimeError(
            f"File '{path}' has no suffixes that could be used to detect the archive type and "
            "compression."
        )
    last = suffixes[-1]
    if last in _ALIASES:
        return (last, *_ALIASES[last])
    if last in (".tar", ".zip"):
        return last, last, None
    if last in _OPENERS:
        if suffixes[-2:-1] == [".tar"]:
            return ".tar" + last, ".tar", last
        return last, None, last
    known = sorted({".tar", ".zip", *_ALIASES, *_OPENERS})
    raise RuntimeError(
        f"Unknown compression or archive type: '{last}'.\nKnown suffixes are: '{known}'."
    )


def download_and_extract_archive(
    url: str,
    download_root: _Path,
    extract_root: _Path | None = None,
    filename: _Path | None = None,
    md5: str | None = None,
    remove_finished: bool = False,
) -> None:
    """``download_url``, then ``extract_archive`` into ``extract_root`` or the same folder.

    Source: torchvision.datasets.utils.download_and_extract_archive.
    """
    download_root = os.path.expanduser(download_root)
    filename = filename or os.path.basename(url)
    download_url(url, download_root, filename, md5)
    target = download_root if extract_root is None else extract_root
    extract_archive(os.path.join(download_root, filename), target, remove_finished)
