"""Gallery of trained models: what is added is found again, whatever happened to its notes."""

from dataclasses import dataclass

import numpy as np
import pytest

from napari_swnn.io.model_gallery import Gallery, KeptModel


@dataclass
class Model:
    """Stands for a model: its file holds a text."""

    text: str

    def save(self, path):
        path.write_text(self.text)


@pytest.fixture
def gallery(tmp_path):
    return Gallery(tmp_path, most=3)


def test_models_are_found_again_newest_first(gallery):
    for name in ("a", "b"):
        gallery.add(Model(name), name=name, description="porosity 0.20")
    assert [kept.name for kept in Gallery(gallery.folder).list_models()] == ["b", "a"]
    newest = gallery.list_models()[0]
    assert newest.path.read_text() == "b"
    assert newest.facts["description"] == "porosity 0.20"
    assert newest.facts["created"]


def test_the_oldest_models_go_when_there_are_too_many(gallery):
    for name in "abcde":
        gallery.add(Model(name), name=name).draw(np.ones((4, 4), int), {1: (1, 1, 1)})
    assert [kept.name for kept in gallery.list_models()] == ["e", "d", "c"]
    assert len(list(gallery.folder.iterdir())) == 9


def test_facts_are_added_and_changed(gallery):
    kept = gallery.add(Model("a"), name="a")
    kept.note(verdict="good").note(name="mine")
    (again,) = gallery.list_models()
    assert (again.name, again.facts["verdict"]) == ("mine", "good")


@pytest.mark.parametrize("notes", ["", "[1]", "{", '{"name": 3}'])
def test_damaged_notes_leave_the_model(gallery, notes):
    kept = gallery.add(Model("a"), name="a")
    kept.path.with_suffix(".json").write_text(notes)
    (again,) = gallery.list_models()
    assert again.name == kept.path.stem


def test_a_thumbnail_shows_the_middle_section(gallery):
    from PIL import Image

    kept = gallery.add(Model("a"), name="a")
    labels = np.zeros((3, 8, 12), int)
    labels[1] = 2
    kept.draw(labels, {0: (0, 0, 1.0, 1.0), 2: (1.0, 0, 0, 1.0)})
    assert np.array(Image.open(kept.thumbnail)).reshape(-1, 3).max(axis=0).tolist() == [255, 0, 0]


def test_a_model_is_exported_and_removed(gallery, tmp_path):
    kept = gallery.add(Model("a"), name="a")
    kept.export(tmp_path / "own.model")
    kept.remove()
    assert (tmp_path / "own.model").read_text() == "a"
    assert gallery.list_models() == []


def test_the_usual_folder_is_that_of_the_user():
    assert Gallery().folder.name == "gallery"
    assert KeptModel(Gallery().folder / "none.swnn").name == "none"
