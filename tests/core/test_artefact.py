"""Artefact: written whole or not at all, checked when read."""

from __future__ import annotations

import json

import pytest

from silversmith.core import Artefact, ModelError, checksum, write_artefact


def make(folder, text="one", **fields):
    with write_artefact(folder, "mapping", **fields) as aside:
        (aside / "deep").mkdir()
        (aside / "deep" / "data.txt").write_text(text)
    return folder


def killed(folder) -> None:
    """Write half an artefact; what is there until then is unreadable."""
    with write_artefact(folder, "mapping") as aside:
        (aside / "data.txt").write_text("half")
        assert code(lambda: Artefact.open(aside)) == "A001"
        raise RuntimeError("killed")


def code(call) -> str:
    with pytest.raises(ModelError) as error:
        call()
    assert "\n" not in str(error.value)
    return error.value.code


def test_round_trip_with_its_manifest(tmp_path):
    make(tmp_path / "m", inputs={"a": "1"}, licences=["MIT"])
    artefact = Artefact.open(tmp_path / "m", "mapping")
    assert artefact.kind == "mapping"
    assert artefact.manifest["licences"] == ["MIT"]
    assert artefact.manifest["made_by"].startswith("silversmith ")
    assert artefact.path("deep/data.txt").read_text() == "one"
    assert artefact.manifest["files"] == {"deep/data.txt": checksum(tmp_path / "m/deep/data.txt")}


def test_nothing_else_is_left_beside_it(tmp_path):
    make(tmp_path / "m")
    make(tmp_path / "m", "two")
    assert [path.name for path in tmp_path.iterdir()] == ["m"]
    assert Artefact.open(tmp_path / "m").path("deep/data.txt").read_text() == "two"


def test_an_altered_file_is_named_with_both_checksums(tmp_path):
    folder = make(tmp_path / "m")
    expected = checksum(folder / "deep/data.txt")
    (folder / "deep/data.txt").write_text("on")
    with pytest.raises(ModelError, match="A004") as error:
        Artefact.open(folder)
    assert "data.txt" in str(error.value)
    assert expected in str(error.value)
    assert checksum(folder / "deep/data.txt") in str(error.value)
    assert Artefact.open(folder, verify=False).kind == "mapping"


def test_a_lost_file_and_a_damaged_manifest(tmp_path):
    folder = make(tmp_path / "m")
    (folder / "deep/data.txt").unlink()
    assert code(lambda: Artefact.open(folder)) == "A004"
    (folder / "manifest.json").write_text('{"kind": ')
    assert code(lambda: Artefact.open(folder)) == "A004"


def test_no_artefact_other_kind_newer_format(tmp_path):
    assert code(lambda: Artefact.open(tmp_path)) == "A001"
    assert code(lambda: Artefact.open(tmp_path / "none")) == "A001"
    folder = make(tmp_path / "m")
    assert code(lambda: Artefact.open(folder, "index")) == "A002"
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 2}))
    assert code(lambda: Artefact.open(folder)) == "A003"


def test_a_half_written_one_is_never_readable(tmp_path):
    with pytest.raises(RuntimeError):
        killed(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rewrite_keeps_the_old_one(tmp_path):
    folder = make(tmp_path / "m")
    with pytest.raises(RuntimeError):
        killed(folder)
    assert Artefact.open(folder).path("deep/data.txt").read_text() == "one"


def test_it_overwrites_only_artefacts(tmp_path):
    folder = tmp_path / "holiday"
    folder.mkdir()
    (folder / "photo.jpg").write_text("precious")

    def write() -> None:
        with write_artefact(folder, "mapping"):
            pass

    assert code(write) == "A005"
    assert (folder / "photo.jpg").read_text() == "precious"
    (folder / "photo.jpg").unlink()
    make(folder)  # an empty folder may be filled
    file = tmp_path / "file"
    file.write_text("precious")
    folder = file
    assert code(write) == "A005"
    assert file.read_text() == "precious"
