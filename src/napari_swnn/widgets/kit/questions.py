"""Questions before something is lost."""

from qtpy.QtWidgets import QMessageBox, QWidget


def ask_to_lose(parent: QWidget, title: str, text: str, action: str) -> bool:
    """Ask whether something may be lost; return True if the user presses the button `action`."""
    box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=parent)
    agreed = box.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    is_agreed = box.clickedButton() is agreed
    box.deleteLater()
    return is_agreed
