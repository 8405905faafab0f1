"""State of the checks before a run, independent of the controls."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_swnn.widgets.kit.errors import BadInputError
from napari_swnn.widgets.kit.session import Checker
from napari_swnn.widgets.reconstruction import jobs, preflight
from napari_swnn.widgets.reconstruction.preflight import CurrentCost, Findings, Prepared
from napari_swnn.widgets.reconstruction.request import Request
from napari_swnn.widgets.reconstruction.section_cost import estimate_section

if TYPE_CHECKING:
    from napari_swnn.core.training.config import TrainingConfig
    from napari_swnn.core.training.plan import ReferenceAnalysis
    from napari_swnn.widgets.layers.phase_pick import PhasePick
    from napari_swnn.widgets.layers.snapshot import Snapshot


class Checks:
    """Checks of the reference and the settings that discard outdated results.

    Parameters
    ----------
    make_checker : callable
        Function that returns a new `Checker`.

    Attributes
    ----------
    devices : mapping of str to str
        Descriptions of the available devices; empty until known.
    findings : Findings or None
        Analysis of the reference; None until available.
    prepared : Prepared or None
        Checked settings with the plan; None until available.
    cost : CurrentCost or None
        Estimated cost of the plan; None until available.
    cost_problem : str
        Reason that the cost could not be estimated.
    section_cost : float or None
        Estimated time to fit the section with the selected model, in seconds; None until available.
    """

    changed = Signal()
    """Emitted when a check has started or ended."""
    devices_found = Signal(object)
    found = Signal(Findings)
    """Emitted when the reference has been analysed."""
    planned = Signal()
    """Emitted when the cost of Run, or of a section for Generate, can be estimated."""

    def __init__(self, make_checker: Callable[[], Checker]) -> None:
        self.devices: Mapping[str, str] = {}
        self.findings: Findings | None = None
        self.prepared: Prepared | None = None
        self.cost: CurrentCost | None = None
        self.cost_problem = ""
        self.section_cost: float | None = None
        self._has_reference = False
        self._device_problem = ""
        self._reference_problem: BadInputError | None = None
        self._form_problems: Mapping[str, str] = {}
        self._finder, self._analyst, self._planner, self._estimator, self._fitter = (make_checker() for _ in range(5))
        self._finder.done.connect(self._on_devices)
        self._finder.failed.connect(self._on_no_device)
        self._analyst.done.connect(self._on_findings)
        self._analyst.failed.connect(self._on_analysis_failed)
        self._planner.done.connect(self._on_prepared)
        self._planner.failed.connect(self._on_planning_failed)
        self._estimator.done.connect(self._on_cost)
        self._estimator.failed.connect(self._on_no_cost)
        self._fitter.done.connect(self._on_section_cost)

    # -- requests from the panel

    def find_devices(self) -> None:
        """Request a list of the available devices."""
        self._finder.request(jobs.find_devices)

    def forget_reference(self, *, is_chosen: bool) -> None:
        """Discard the analysis because the reference or a relevant setting has changed.

        Parameters
        ----------
        is_chosen : bool
            True if a reference is selected; `analyse` follows once the changes have stopped.
        """
        self._has_reference = is_chosen
        self.findings = self._reference_problem = None
        self._analyst.drop()
        self.forget_settings(self._form_problems)

    def analyse(self, snapshot: "Snapshot", pick: "PhasePick", config: "TrainingConfig") -> None:
        """Analyse the reference; see `preflight.analyse`."""
        self._analyst.request(preflight.analyse, snapshot, pick, config)

    def refuse_reference(self, problem: BadInputError) -> None:
        """Record that the selected layers cannot be used as a reference."""
        self._reference_problem = problem
        self.changed.emit()

    def forget_settings(self, problems: Mapping[str, str]) -> None:
        """Discard the plan and the cost because a setting has changed.

        Parameters
        ----------
        problems : mapping of str to str
            Problems found by the form, by control.
        """
        self._form_problems = problems
        self.pause()
        self.prepared = self.cost = self.section_cost = None
        self.cost_problem = ""
        self.changed.emit()

    def prepare(self, request: Request) -> None:
        """Plan the training and check the requested volumes; see `preflight.prepare`."""
        self._planner.request(preflight.prepare, self._analysis, request)

    def estimate_cost(self) -> None:
        """Estimate the cost of the plan if Run can execute it, and of a section if Generate can fit it."""
        if self.prepared is not None and self.prepared.can_run:
            self._estimator.request(preflight.estimate, self.prepared)
        if self.prepared is not None and self.prepared.fits_section:
            self._fitter.request(estimate_section, self.prepared)

    def pause(self) -> None:
        """Ignore the results of planning and cost estimation in progress."""
        for checker in (self._planner, self._estimator, self._fitter):
            checker.drop()

    def stop(self) -> None:
        """Ignore the results of all checks."""
        self.pause()
        self._finder.drop()
        self._analyst.drop()

    # -- outcomes

    @property
    def is_analysing(self) -> bool:
        """True while the analysis of a selected reference is pending."""
        return self._has_reference and self.findings is None and self._reference_problem is None

    @property
    def problems(self) -> dict[str, str]:
        """Problems by control."""
        prepared = None if self.prepared is None else self.prepared.problem
        found = [problem for problem in (prepared, self._problem_of_reference) if problem is not None]
        device = {"device": self._device_problem} if self._device_problem else {}
        return device | {problem.control: str(problem) for problem in found} | dict(self._form_problems)

    @property
    def why_not_run(self) -> str:
        """Explanation if Run cannot start; otherwise empty."""
        blocked = self._device_problem or self._problem_of_reference or self._form_problems
        if blocked or (self.prepared is not None and self.prepared.run_problem is not None):
            return "Correct the input marked above."
        if not self.devices:
            return "Loading PyTorch…"
        if not self._has_reference:
            return "Add a Labels layer with the segmented micrograph, or open a sample from the File menu."
        return "Analysing the reference…" if self.findings is None else ""

    @property
    def can_generate(self) -> bool:
        """True if a model could generate the requested volumes."""
        refused = self.prepared is not None and self.prepared.generate_problem is not None
        return bool(self.devices) and not refused and "size" not in self._form_problems

    @property
    def _problem_of_reference(self) -> BadInputError | None:
        return self._reference_problem or (None if self.findings is None else self.findings.problem)

    @property
    def _analysis(self) -> "ReferenceAnalysis | None":
        return None if self.findings is None else self.findings.analysis

    # -- results of the checkers

    def _on_devices(self, devices: Mapping[str, str]) -> None:
        self.devices = devices
        self.devices_found.emit(devices)
        self.changed.emit()

    def _on_no_device(self, text: str) -> None:
        self._device_problem = text
        self.changed.emit()

    def _on_findings(self, findings: Findings) -> None:
        self.findings = findings
        self.found.emit(findings)
        self.forget_settings(self._form_problems)  # any earlier check did not include this reference

    def _on_analysis_failed(self, text: str) -> None:
        self.refuse_reference(BadInputError("reference", text))

    def _on_prepared(self, prepared: Prepared) -> None:
        self.prepared = prepared
        if prepared.can_run or prepared.fits_section:
            self.planned.emit()
        self.changed.emit()

    def _on_planning_failed(self, text: str) -> None:
        self.prepared = Prepared(Request(()), run_problem=BadInputError("preset", text))
        self.changed.emit()

    def _on_cost(self, cost: CurrentCost | None) -> None:
        self.cost = cost
        self.changed.emit()

    def _on_section_cost(self, seconds: float | None) -> None:
        self.section_cost = seconds
        self.changed.emit()

    def _on_no_cost(self, text: str) -> None:
        self.cost_problem = f"Time and memory could not be estimated: {text}"
        self.changed.emit()
