"""Next step after a verdict, in one sentence."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_swnn.validation import Verdict

_FRACTIONS = {"porosity", "volume_fraction"}
EARLY = "The training was stopped early: press Resume to let it reach its end, or train again."
EARLY_AND_LOST = "The training was stopped early, and its state was discarded: press Run to train again."
_DRAFT = "A draft is for a first look: choose the preset standard and press Run."
_CHANGED = "The settings were changed: return to a preset, standard first, and press Run."
_EXACT = "Tick Match the target porosity exactly and generate again, or average over several realisations."
_FINE = "Choose the preset connected or fine and press Run; if the deviation stays, give a larger section or several."
_SEED = "Train again with another seed: a deviation that stays is a limit of this section, and a larger one may help."
_VOLUME = "To judge the rest, generate several realisations: they are judged together."
_SECTION = "Use a larger section, or several sections of the same material."
_BY_PRESET = {"draft": _DRAFT, "custom": _CHANGED, "standard": _FINE}


def advise(verdict: "Verdict", *, preset: str, is_complete: bool) -> str:
    """Return the next step after a verdict; empty if there is nothing to improve.

    Parameters
    ----------
    verdict : Verdict
        Verdict on volumes.
    preset : str
        Name of the settings of their model.
    is_complete : bool
        False if the training was stopped early.
    """
    if verdict.agrees is False:
        if not is_complete:
            return EARLY
        if set(verdict.outside) <= _FRACTIONS:
            return _EXACT
        return _BY_PRESET.get(preset, _SEED)
    return {"": "", "volume": _VOLUME, "section": _SECTION}[verdict.too_small]
