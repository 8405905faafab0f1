"""Form whose defaults, ranges, choices and help texts come from the fields of a dataclass."""

from dataclasses import Field, fields
from typing import Any

from magicgui.widgets import ComboBox, FileEdit, create_widget
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QSizePolicy, QWidget

from napari_swnn._sentences import capitalise

_LARGEST = 1_000_000
_DECIMALS = 4
_BUTTON = 32
"""Width of the button beside the path of a file, in pixels."""
_FILES = "Weights (*.whl *.pkl);;All files (*)"
"""Files that a control for a path offers; the only such setting is a file of weights."""


class ConfigForm(QWidget):
    """Form that edits the settings in a dataclass, with one row per field.

    Each field needs a default; its metadata must contain ``help``, and for numbers ``low`` (``high`` is optional).
    Texts have ``choices``, or are the path of a file. ``label`` replaces the name of the field. An integer with default
    and minimum 0 is labelled "0: auto".

    Parameters
    ----------
    config_type : type
        Dataclass of the settings.

    Attributes
    ----------
    controls : dict of str to magicgui widget
        Controls by field name.
    """

    changed = Signal()

    def __init__(self, config_type: type, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._type = config_type
        self.controls = {field.name: _make_control(field) for field in fields(config_type)}
        self._is_quiet = False
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)  # a panel is narrow
        for control in self.controls.values():
            label = QLabel(control.label)
            label.setToolTip(control.tooltip)
            control.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            layout.addRow(label, control.native)
            control.changed.connect(self._on_changed)

    @property
    def value(self) -> Any:
        """Settings as an instance of the dataclass.

        Raises
        ------
        ValueError
            If the dataclass rejects the combination of values.
        """
        return self._type(**{name: _read(control) for name, control in self.controls.items()})

    def set_value(self, config: Any) -> None:
        """Show the settings in `config`, and emit `changed` once."""
        self._is_quiet = True
        for name, control in self.controls.items():
            value = getattr(config, name)
            control.value = (value or None) if isinstance(control, FileEdit) else value
        self._is_quiet = False
        self.changed.emit()

    def _on_changed(self, *_: object) -> None:
        if not self._is_quiet:
            self.changed.emit()


def _make_control(field: "Field[Any]") -> Any:
    """Return a magicgui widget for a field."""
    constraints = field.metadata
    options: dict[str, Any] = {"tooltip": constraints["help"]}
    if "choices" in constraints:
        options["choices"] = [(choice.replace("_", " "), choice) for choice in constraints["choices"]]
        options["widget_type"] = ComboBox
    elif isinstance(field.default, str):
        return _make_file_control(field)
    else:
        options |= {"min": constraints["low"], "max": min(constraints.get("high", _LARGEST), _LARGEST)}
    control = create_widget(
        value=field.default,
        annotation=type(field.default),
        name=field.name,
        label=_describe(field),
        options=options,
    )
    if isinstance(control, ComboBox):
        control.native.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        control.native.setMinimumContentsLength(max(len(text) for text, _ in options["choices"]))
        return control
    control.native.setKeyboardTracking(False)
    if isinstance(field.default, float):
        control.native.setDecimals(_DECIMALS)
        control.value = field.default
    return control


def _make_file_control(field: "Field[Any]") -> FileEdit:
    """Return a control for the path of an existing file, which may be empty."""
    label, tip = _describe(field), field.metadata["help"]
    control = FileEdit(
        mode="r", filter=_FILES, name=field.name, label=label, tooltip=tip, nullable=True, value=field.default or None
    )
    control.choose_btn.text = "…"
    control.choose_btn.native.setFixedWidth(_BUTTON)
    control.line_edit.native.setMinimumWidth(_BUTTON)
    control.line_edit.tooltip = control.choose_btn.tooltip = tip
    return control


def _read(control: Any) -> Any:
    """Return the value of a control; a path as text, which is empty without a file."""
    if isinstance(control, FileEdit):
        return "" if control.value is None else str(control.value)
    return control.value


def _describe(field: "Field[Any]") -> str:
    name: str = field.metadata.get("label") or field.name.removeprefix("n_").replace("_", " ")
    is_automatic = type(field.default) is int and field.default == 0 and field.metadata.get("low") == 0
    return capitalise(name) + (" (0: auto)" if is_automatic else "")
