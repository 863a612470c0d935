"""minitorch.hub: the folder, downloads, hubconf.py.  Nothing here needs a network: files are taken
from ``file:`` addresses, and GitHub is played by a dict of answers.
"""

import hashlib
import io
import json
import os
import sys
import urllib.error
import urllib.request
import zipfile

import pytest

import minitorch as mt
from minitorch import hub


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(hub, "_chosen_dir", None)
    return tmp_path / "home" / "hub"


def test_the_folder_is_pytorchs(tmp_path, monkeypatch):
    assert hub.get_dir() == str(tmp_path / "home" / "hub")
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert hub.get_dir() == str(tmp_path / "cache" / "torch" / "hub")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert hub.get_dir() == os.path.expanduser("~/.cache/torch/hub")
    hub.set_dir("~/mine")
    assert hub.get_dir() == os.path.expanduser("~/mine")


@pytest.mark.compare
def test_the_folder_beside_torch(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    assert hub.get_dir() == torch.hub.get_dir()
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "~/somewhere")
    assert hub.get_dir() == torch.hub.get_dir()


# --- files ----------------------------------------------------------------------------------------


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint under a name that ends in its hash, and its address."""
    mt.save({"weight": mt.arange(3.0)}, tmp_path / "model")
    digest = hashlib.sha256((tmp_path / "model").read_bytes()).hexdigest()
    path = (tmp_path / "model").rename(tmp_path / f"model-{digest[:8]}.pth")
    return path, path.as_uri()


def test_a_file_is_downloaded_once(folder, checkpoint, capsys):
    path, url = checkpoint
    state = hub.load_state_dict_from_url(url, progress=False, check_hash=True)
    assert state["weight"].tolist() == [0, 1, 2]
    kept = folder / "checkpoints" / path.name
    assert capsys.readouterr().out == f'Downloading: "{url}" to {kept}\n'
    path.unlink()
    assert hub.load_state_dict_from_url(url)["weight"].tolist() == [0, 1, 2]
    assert capsys.readouterr().out == ""
    assert [p.name for p in kept.parent.iterdir()] == [path.name]


def test_other_folders_and_names(tmp_path, checkpoint):
    path, url = checkpoint
    hub.load_state_dict_from_url(url, tmp_path / "here", progress=False, file_name="other.pth")
    assert (tmp_path / "here" / "other.pth").read_bytes() == path.read_bytes()


def test_model_zoo_is_the_old_name(checkpoint):
    from minitorch.utils import model_zoo
    from minitorch.utils.model_zoo import load_url

    assert load_url(checkpoint[1], progress=False)["weight"].tolist() == [0, 1, 2]
    assert model_zoo.load_url is load_url


def test_another_hash_leaves_no_file(folder, tmp_path, checkpoint):
    wrong = checkpoint[0].rename(tmp_path / "model-00000000.pth")
    with pytest.raises(RuntimeError, match="invalid hash value"):
        hub.load_state_dict_from_url(wrong.as_uri(), check_hash=True, progress=False)
    assert list((folder / "checkpoints").iterdir()) == []
    assert hub.load_state_dict_from_url(wrong.as_uri(), progress=False)


def test_a_missing_file_is_named(folder, tmp_path):
    with pytest.raises(urllib.error.URLError) as caught:
        hub.load_state_dict_from_url((tmp_path / "gone-12345678.pth").as_uri())
    assert str(folder / "checkpoints" / "gone-12345678.pth") in str(caught.value)
    assert "put the file there" in str(caught.value)


def test_progress_on_stderr(tmp_path, checkpoint, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    hub.download_url_to_file(checkpoint[1], tmp_path / "copy")
    assert "100.0%" in capsys.readouterr().err
    hub.download_url_to_file(checkpoint[1], tmp_path / "copy", progress=False)
    assert capsys.readouterr().err == ""


# --- repositories ---------------------------------------------------------------------------------

HUBCONF = '''
dependencies = ["json"]
import neighbour


def double(x, *, times=2):
    """Twice as much."""
    return neighbour.multiply(x, times)


def _hidden():
    pass


value = 3
'''


@pytest.fixture
def repository(tmp_path, monkeypatch):
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "hubconf.py").write_text(HUBCONF)
    (folder / "neighbour.py").write_text("def multiply(x, times):\n    return x * times\n")
    yield folder
    sys.modules.pop("neighbour", None)


def test_local_repository(repository):
    before = list(sys.path)
    assert mt.hub.load(str(repository), "double", 4, source="local") == 8
    assert hub.load(str(repository), "double", mt.ones(1), source="LOCAL", times=3).item() == 3
    assert hub.list(str(repository), source="local") == ["double"]
    assert hub.help(str(repository), "double", source="local") == "Twice as much."
    assert sys.path == before


def test_errors_of_a_repository(repository):
    with pytest.raises(RuntimeError, match="Cannot find callable value in hubconf"):
        hub.load(str(repository), "value", source="local")
    with pytest.raises(ValueError, match="model should be a string"):
        hub.load(str(repository), print, source="local")
    with pytest.raises(ValueError, match='Unknown source: "gitlab"'):
        hub.load(str(repository), "double", source="gitlab")
    with pytest.raises(FileNotFoundError):
        hub.load(str(repository / "nowhere"), "double", source="local")
    (repository / "hubconf.py").write_text('dependencies = ["no_such_package", "json"]')
    with pytest.raises(RuntimeError, match="Missing dependencies: no_such_package"):
        hub.load(str(repository), "double", source="local")


class GitHub:
    """Answers instead of the net's: bytes by address; for others there is no network, or 404."""

    def __init__(self, answers, online=True):
        self.answers, self.online, self.asked = answers, online, []

    def __call__(self, request):
        url = request if isinstance(request, str) else request.full_url
        self.asked.append(url)
        if not self.online:
            raise urllib.error.URLError("no route to host")
        if url not in self.answers:
            raise urllib.error.HTTPError(url, 404, "Not Found", {}, io.BytesIO())
        answer = io.BytesIO(self.answers[url])
        answer.headers = {"Content-Length": str(len(self.answers[url]))}
        return answer


@pytest.fixture
def github(repository, monkeypatch):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for path in repository.iterdir():
            packed.write(path, f"someone-models-abc123/{path.name}")
    api = "https://api.github.com/repos/someone/models"
    branches = [{"name": "main", "commit": {"sha": "abc123"}}]
    net = GitHub(
        {
            "https://github.com/someone/models/tree/main/": b"",
            f"{api}/branches?per_page=100&page=1": json.dumps(branches).encode(),
            f"{api}/branches?per_page=100&page=2": b"[]",
            f"{api}/tags?per_page=100&page=1": b"[]",
            "https://github.com/someone/models/zipball/main": archive.getvalue(),
        }
    )
    monkeypatch.setattr(urllib.request, "urlopen", net)
    return net


def test_a_repository_is_downloaded_once_and_trusted_then(folder, github, capsys, monkeypatch):
    answers = iter(["perhaps", "no", "y"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    with pytest.raises(ValueError, match="Unrecognized response"):
        hub.load("someone/models", "double", 4)
    with pytest.raises(Exception, match="Untrusted repository"):
        hub.load("someone/models", "double", 4)
    assert hub.load("someone/models", "double", 4) == 8
    assert (folder / "trusted_list").read_text() == "someone_models\n"
    assert sorted(p.name for p in folder.iterdir()) == ["someone_models_main", "trusted_list"]
    capsys.readouterr()
    github.online = False
    assert hub.load("someone/models", "double", 4) == 8
    assert "Using cache found in" in capsys.readouterr().err
    assert hub.list("someone/models", verbose=False) == ["double"]


def test_networks_of_pytorchs_vision_are_here(github):
    github.online = False
    model = hub.load("pytorch/vision:v0.10.0", "squeezenet1_1", num_classes=3)
    assert type(model).__module__ == "minitorch.vision.models.squeezenet"
    assert "resnet18" in hub.list("pytorch/vision")
    assert "ResNet of 18 layers" in hub.help("pytorch/vision", "resnet18")
    with pytest.raises(RuntimeError, match="Cannot find callable resnet19 in hubconf"):
        hub.load("pytorch/vision", "resnet19")
    assert github.asked == []


def test_commits_of_forks_are_refused(github):
    with pytest.raises(ValueError, match="Cannot find fffff in"):
        hub.load("someone/models:fffff", "double", trust_repo=True)


def test_without_a_network(github):
    github.online = False
    with pytest.raises(RuntimeError, match="there is no internet connection"):
        hub.load("someone/models", "double")
