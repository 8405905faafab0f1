"""A form built from a settings class: defaults, ranges, choices and help come from its fields."""

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QLabel, QSpinBox, QWidget

from napari_swnn.widgets.kit.controls import Combo
from napari_swnn.widgets.kit.formatting import capitalise

_MOST = 1_000_000


class ConfigForm(QWidget):
    """Edits the settings of a dataclass.

    Every field needs a default, and in its metadata ``help`` and either ``choices`` or ``low`` (and perhaps ``high``);
    ``label`` is what it is called, in place of its name. An integer that may be 0 by default shows 0 as "automatic".

    Parameters
    ----------
    config_type : type
        The dataclass.
    """

    changed = Signal()

    def __init__(self, config_type: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._type = config_type
        self.controls: dict[str, QWidget] = {}
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for field in fields(config_type):
            label, control = QLabel(_label(field)), self._control(field)
            for widget in (label, control):
                widget.setToolTip(field.metadata["help"])
            layout.addRow(label, control)
            self.controls[field.name] = control

    @property
    def value(self) -> Any:
        """The settings as an instance of the dataclass.

        Raises
        ------
        ValueError
            If the dataclass refuses the combination.
        """
        return self._type(**{name: _value_of(control) for name, control in self.controls.items()})

    def set_value(self, config: Any) -> None:
        """Show these settings; `changed` is sent once."""
        for name, control in self.controls.items():
            with QSignalBlocker(control):
                _set_value_of(control, getattr(config, name))
        self.changed.emit()

    def _control(self, field: "Field[Any]") -> QWidget:
        if "choices" in field.metadata:
            return self._combo(field)
        return self._number(field, QDoubleSpinBox() if isinstance(field.default, float) else QSpinBox())

    def _combo(self, field: "Field[Any]") -> Combo:
        combo = Combo()
        combo.set_entries([(choice.replace("_", " "), choice) for choice in field.metadata["choices"]], field.default)
        combo.currentIndexChanged.connect(self._on_changed)
        return combo

    def _number(self, field: "Field[Any]", box: QSpinBox | QDoubleSpinBox) -> QSpinBox | QDoubleSpinBox:
        if isinstance(box, QDoubleSpinBox):
            box.setDecimals(4)
        box.setStepType(box.StepType.AdaptiveDecimalStepType)
        box.setRange(field.metadata["low"], field.metadata.get("high", _MOST))
        if field.default == 0 and field.metadata["low"] == 0:
            box.setSpecialValueText("automatic")
        if field.default is not MISSING:
            box.setValue(field.default)
        box.setKeyboardTracking(False)
        box.valueChanged.connect(self._on_changed)
        return box

    def _on_changed(self) -> None:
        self.changed.emit()


def _label(field: "Field[Any]") -> str:
    name: str = field.metadata.get("label") or field.name.removeprefix("n_").replace("_", " ")
    return capitalise(name)


def _value_of(control: Any) -> Any:
    value: Any | Callable[[], Any] = control.value
    return value() if callable(value) else value


def _set_value_of(control: Any, value: Any) -> None:
    if isinstance(control, Combo):
        control.setCurrentIndex(control.findData(value))
    else:
        control.setValue(value)
