"""Whether Run and Generate can start, and what is in the way, in sentences for the user."""

from typing import TYPE_CHECKING

from napari_swnn.widgets.reconstruction.forecast import room_problem

if TYPE_CHECKING:
    from napari_swnn.widgets.reconstruction.destination import LargePanel
    from napari_swnn.widgets.reconstruction.forecast import Forecast
    from napari_swnn.widgets.reconstruction.reference_check import ReferenceCheck
    from napari_swnn.widgets.reconstruction.settings import SettingsPanel


class Readiness:
    """Judges the settings by what is known of the machine, of the reference, and of what they come to.

    Attributes
    ----------
    devices : dict
        Of this machine, with a phrase for each; empty while they are not known.
    device_problem : str
        Why they cannot be known; empty for no reason.
    """

    def __init__(
        self, settings: "SettingsPanel", large: "LargePanel", reference: "ReferenceCheck", forecast: "Forecast"
    ) -> None:
        self.devices: dict[str, str] = {}
        self.device_problem = ""
        self._settings, self._large, self._reference, self._forecast = settings, large, reference, forecast

    def problems(self) -> dict[str, str]:
        """What is wrong, by control."""
        problems = {"device": self.device_problem} if self.device_problem else {}
        outlook = self._forecast.outlook
        found = [self._reference.problem, None if outlook is None else outlook.problem()]
        problems |= {problem.control: str(problem) for problem in reversed(found) if problem is not None}
        settings = self._settings
        if settings.target.problem and settings.target.isEnabled():
            problems["porosity"] = settings.target.problem
        if self._large.result.value == "layer":
            room = room_problem(settings.size.value, settings.count.value())
            problems |= {"size": room} if room else {}
        return problems

    def why_no_run(self, problems: dict[str, str]) -> str:
        """Why a run cannot start, with these problems; empty if it can."""
        outlook, where = self._forecast.outlook, self._settings.where
        allowed = {*where.form.problems, "exact"} if outlook is not None and outlook.run_problem is None else set()
        if set(problems) - allowed:
            return "Run needs a change above."
        if not self.devices:
            return "Loading PyTorch…"
        if self._settings.reference.value is None:
            return "Add a Labels layer with the segmented micrograph, or open a sample from the File menu."
        if self._reference.survey is None:
            return "Looking at the reference…"
        unseen = outlook is None and (where.active or self._settings.exact.isChecked())
        return "Looking at what is asked for…" if unseen else ""

    def can_generate(self, problems: dict[str, str]) -> bool:
        """Whether a model could generate, with these problems."""
        outlook = self._forecast.outlook
        refused = outlook is not None and outlook.generate_problem is not None
        return bool(self.devices) and not refused and not {"size", "device"} & set(problems)
