"""Shader programs of removed layers, whose deletion crashes software renderers."""

from typing import Any


def keep_programs() -> None:
    """Let vispy keep the shader programs that it no longer needs, from now on.

    Mesa's software renderers, on which remote desktops depend, crash at the next drawing if a program is deleted while
    another layer has the same shaders, as after the removal of a volume in 3-D. A program is small; textures and other
    buffers are released as usual.
    """
    from vispy.gloo import Program  # type: ignore[import-untyped]

    Program.delete = _forget


def _forget(program: Any) -> None:
    """Do what vispy does to delete a program, without the command that deletes it."""
    queue = vars(program).pop("_glir", None)
    if queue is not None:
        queue._deletable = True
