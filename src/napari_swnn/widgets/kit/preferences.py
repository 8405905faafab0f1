"""Preferences of the plugin, which the user sets under *File > Preferences > Plugins* in napari."""

from dataclasses import dataclass
from pathlib import Path

PLUGIN = "napari-swnn"


@dataclass(frozen=True, slots=True)
class Preferences:
    """Preferences of the user; the defaults hold where napari offers none.

    Attributes
    ----------
    device : str
        Device for the computation.
    preset : str
        Name of the training settings.
    kept_models : int
        Number of trained models that the gallery keeps; 0 to keep none.
    folder : str
        Folder in which file dialogs begin; empty for the home folder.
    """

    device: str = "auto"
    preset: str = "standard"
    kept_models: int = 30
    folder: str = ""


def read_preferences() -> Preferences:
    """Return the preferences of the user."""
    try:
        from napari.settings import get_plugin_settings

        settings = get_plugin_settings(PLUGIN).reconstruction
        return Preferences(
            device=str(settings.device),
            preset=str(settings.preset),
            kept_models=int(settings.kept_models),
            folder=str(settings.folder),
        )
    except (ImportError, AttributeError, KeyError, TypeError, ValueError):  # no napari, or one without such settings
        return Preferences()


def start_folder() -> str:
    """Return the folder in which the first file dialog begins."""
    folder = read_preferences().folder
    return folder if folder and Path(folder).is_dir() else str(Path.home())
