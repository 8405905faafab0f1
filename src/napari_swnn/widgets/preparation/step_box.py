"""Controls of one step, which can be switched on and off."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QDoubleSpinBox, QFormLayout, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_swnn.widgets.kit.combo import Combo
from napari_swnn.widgets.kit.controls import Note, Problem


class StepBox(QWidget):
    """Switch of a step with its effect on the porosity beside it, and its controls below while it is on.

    `switched` is emitted when the user switches the step on or off.

    Parameters
    ----------
    title : str
        Name of the step.
    explanation : str
        One sentence on the purpose of the step, shown as a tooltip and while the step is on.

    Attributes
    ----------
    switch : QCheckBox
        Switch of the step.
    effect : QLabel
        Effect of the step on the porosity.
    problem : Problem
        Reason that the step cannot be applied.
    """

    switched = Signal(bool)

    def __init__(self, title: str, explanation: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = QCheckBox(title)
        self.switch.setToolTip(explanation)
        self.effect = QLabel()
        self.effect.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.problem = Problem()
        self._explanation = Note()
        self._body = QWidget()
        self._content = QVBoxLayout(self._body)
        self._content.setContentsMargins(22, 0, 0, 4)
        self._content.setSpacing(3)
        self._content.addWidget(self._explanation)
        self._explanation.show_text(explanation)  # only now: a widget without a parent would open a window
        header = QHBoxLayout()
        header.addWidget(self.switch)
        header.addWidget(self.effect, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self._body)
        layout.addWidget(self.problem)
        self._body.hide()
        self.switch.toggled.connect(self._on_toggled)

    @property
    def is_on(self) -> bool:
        """True if the step is switched on."""
        return self.switch.isChecked()

    def add(self, control: QWidget) -> None:
        """Add a control below the explanation."""
        self._content.addWidget(control)

    def show_on(self, on: bool) -> None:
        """Show the step as switched on or off without emitting a signal."""
        with QSignalBlocker(self.switch):
            self.switch.setChecked(on)
        self._body.setVisible(on)

    def set_dark(self, dark: bool) -> None:
        """Adapt the colours to a dark or light theme."""
        self.problem.set_dark(dark)

    def _on_toggled(self, on: bool) -> None:
        self._body.setVisible(on)
        self.switched.emit(on)


class _DecimalBox(QDoubleSpinBox):
    """Number box without trailing zeros."""

    def textFromValue(self, value: float) -> str:  # noqa: N802  (Qt's name)
        """Return the number as text."""
        return f"{value:g}"


class Setting:
    """Control of one field of a step.

    Parameters
    ----------
    label, tip : str
        Label of the control and its tooltip.
    default : int, float or str
        First value.
    span : tuple of two numbers, or dict of str to str
        Smallest and largest number, or the texts of the choices by value.
    suffix : str
        Unit shown after a number.
    """

    def __init__(self, label: str, tip: str, default: Any, span: Any, suffix: str = "") -> None:
        self.label = label
        self.control = self._make(default, span, suffix)
        self.control.setToolTip(tip)

    @staticmethod
    def _make(default: Any, span: Any, suffix: str) -> QWidget:
        if isinstance(span, Mapping):
            combo = Combo()
            combo.set_entries([(text, value) for value, text in span.items()], default)
            return combo
        box: QSpinBox | QDoubleSpinBox
        if isinstance(default, int):
            box = QSpinBox()
        else:
            box = _DecimalBox()
            box.setDecimals(2)
            box.setSingleStep(0.05 if span[1] <= 1 else 0.5)
        box.setRange(*span)
        box.setValue(default)
        box.setSuffix(suffix)
        box.setKeyboardTracking(False)
        return box

    @property
    def value(self) -> Any:
        """Current value."""
        if isinstance(self.control, Combo):
            return self.control.value
        return self.control.value()

    def offer(self, entries: Mapping[Any, str], default: Any) -> None:
        """Offer other choices, as text by value, and select one without emitting a signal."""
        if isinstance(self.control, Combo):
            self.control.set_entries([(text, value) for value, text in entries.items()], default)

    def show(self, value: Any) -> None:
        """Show a value without emitting a signal."""
        with QSignalBlocker(self.control):
            if isinstance(self.control, Combo):
                self.control.setCurrentIndex(self.control.findData(value))
            else:
                self.control.setValue(value)

    def connect(self, slot: Any) -> None:
        """Call `slot` when the user changes the value."""
        changed = self.control.currentIndexChanged if isinstance(self.control, Combo) else self.control.valueChanged
        changed.connect(slot)


class StepEditor(StepBox):
    """Controls of a step that has a few numbers or choices.

    `changed` carries the step, or None if it is switched off.

    Parameters
    ----------
    title, explanation : str
        See `StepBox`.
    kind : type
        Type of the step.
    settings : dict of str to Setting
        Controls by field of the step.
    """

    changed = Signal(object)

    def __init__(
        self, title: str, explanation: str, kind: type, settings: Mapping[str, Setting], parent: QWidget | None = None
    ) -> None:
        super().__init__(title, explanation, parent)
        self.settings = dict(settings)
        self._kind = kind
        self._step: Any = None
        rows = QWidget()
        form = QFormLayout(rows)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for setting in self.settings.values():
            form.addRow(setting.label, setting.control)
            setting.connect(self._on_changed)
        self.add(rows)
        self.switched.connect(self._on_changed)

    def show_step(self, step: Any) -> None:
        """Show a step, or the switched-off state if it is None, without emitting a signal."""
        self.show_on(step is not None)
        if step is not None:
            self._step = step
            for name, setting in self.settings.items():
                setting.show(getattr(step, name))

    def _on_changed(self, _value: Any = None) -> None:
        self.problem.show_text("")
        if not self.is_on:
            self.changed.emit(None)
            return
        try:
            values = {name: setting.value for name, setting in self.settings.items()}
            step = self._kind(**values) if self._step is None else replace(self._step, **values)
        except ValueError as error:
            self.problem.show_text(str(error))
        else:
            self.changed.emit(step)
