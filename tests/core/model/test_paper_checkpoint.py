import pytest
import torch
import torch.nn.functional as F
from torch import nn

from napari_swnn import Model, generate


@pytest.fixture
def checkpoint(tmp_path):
    """A state dict of the shape the authors save, with random weights; and the network they run, written plainly."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for i in range(1, 9):
        n = 3 if i == 1 else 24
        state[f"cb{i}_1.conv.weight"] = torch.randn(24, n, 3, 3, 3, generator=generator) * (2 / (27 * n)) ** 0.5
        state[f"cb{i}_1.conv.bias"] = torch.randn(24, generator=generator) * 0.1
        if i > 1:
            for name in ("weight", "running_var"):
                state[f"cb{i}_1.bn.{name}"] = torch.rand(24, generator=generator) + 0.5
            for name in ("bias", "running_mean"):
                state[f"cb{i}_1.bn.{name}"] = torch.randn(24, generator=generator) * 0.2
            state[f"cb{i}_1.bn.num_batches_tracked"] = torch.tensor(2000)
    state["last_conv.weight"] = torch.randn(1, 24, 1, 1, 1, generator=generator)
    state["last_conv.bias"] = torch.randn(1, generator=generator)
    torch.save(state, tmp_path / "M.pytorch")
    return tmp_path / "M.pytorch", state


def as_the_authors_run_it(state, x):
    x = F.leaky_relu(F.conv3d(x, state["cb1_1.conv.weight"], state["cb1_1.conv.bias"]), 0.01)
    for i in range(2, 9):
        x = F.conv3d(x, state[f"cb{i}_1.conv.weight"], state[f"cb{i}_1.conv.bias"])
        norm = [state[f"cb{i}_1.bn.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
        x = F.leaky_relu(F.batch_norm(x, *norm), 0.01)
    return F.conv3d(x, state["last_conv.weight"], state["last_conv.bias"])


def test_output_equals_the_authors_network(checkpoint):
    path, state = checkpoint
    (stage,) = Model.from_authors(path).stages
    noise = torch.randn(1, 3, 24, 25, 26, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(stage(noise), as_the_authors_run_it(state, noise), rtol=1e-3, atol=1e-4)


def test_an_imported_model_generates_and_saves(checkpoint, tmp_path):
    model = Model.from_authors(checkpoint[0])
    assert model.porosity is None
    model.save(tmp_path / "m.swnn")
    assert (generate(Model.load(tmp_path / "m.swnn"), (20, 20, 20)) == generate(model, (20, 20, 20))).all()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.pytorch"
    if content is None:
        torch.save(nn.Linear(2, 2).state_dict(), path)
    else:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="must name a state dict of the authors' network"):
        Model.from_authors(path)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "ran"), "w"))

    torch.save({"cb1_1.conv.weight": Bomb()}, tmp_path / "bomb.pytorch")
    with pytest.raises(ValueError, match="which contains something else"):
        Model.from_authors(tmp_path / "bomb.pytorch")
    assert not (tmp_path / "ran").exists()
