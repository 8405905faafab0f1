import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from napari_swnn import EnsembleSpec, Model, Reference, ensemble, generate, iter_ensemble
from napari_swnn.io import open_ome_zarr
from napari_swnn.runs.ensemble_summary import extract_values, summarise

OPTIONS = {"n_trainings": 2, "n_realisations": 2, "shape": (24, 24, 24), "seed": 5}


@pytest.fixture(scope="module")
def made(reference, quick_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensembles") / "made"
    return ensemble(reference, out=folder, config=quick_config, **OPTIONS)


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_member_is_a_realisation_of_its_model(made):
    assert [(m.training, m.realisation, m.seed) for m in made.members] == [(1, 1, 5), (1, 2, 6), (2, 1, 7), (2, 2, 8)]
    for member in made.members:
        volume = open_ome_zarr(member.volume).levels[0].compute()
        expected = generate(Model.load(member.model), (24, 24, 24), seed=member.seed)
        np.testing.assert_array_equal(volume, expected)
        assert member.values["porosity"] == pytest.approx(volume.mean())
    assert Model.load(made.members[0].model).provenance["seed"] == 5
    assert Model.load(made.members[2].model).provenance["seed"] == 6


def test_the_tables_hold_members_means_and_spreads(made, reference):
    rows = read_csv(made.folder / "members.csv")
    porosities = np.array([float(row["porosity"]) for row in rows]).reshape(2, 2)
    porosity = made.statistics["porosity"]
    assert porosity.reference == pytest.approx(reference.porosity)
    assert porosity.mean == pytest.approx(porosities.mean())
    assert porosity.between_trainings == pytest.approx(porosities.mean(axis=1).std(ddof=1), abs=1e-8)
    assert porosity.between_realisations == pytest.approx(np.sqrt(porosities.var(axis=1, ddof=1).mean()), abs=1e-8)
    assert rows[3]["volume"] == "training-2/realisation-2.ome.zarr"
    summary = {row["statistic"]: row for row in read_csv(made.folder / "summary.csv")}
    assert float(summary["porosity"]["mean"]) == pytest.approx(porosity.mean)
    assert {"two_point_correlation_error", "lineal_path_error", "percolating_axes"} <= set(summary)
    assert (made.folder / "summary.txt").read_text(encoding="utf-8") == f"{made.summary()}\n"
    assert "2 training(s) with 2 realisation(s) each" in made.summary()


def test_spreads_of_known_values():
    report = {
        "quantities": {"porosity": {"name": "porosity", "unit": "", "reference": None}},
        "curves": {},
        "connectivity": [],
    }
    table = [[{"porosity": 1.0}, {"porosity": 3.0}], [{"porosity": 5.0}, {"porosity": 7.0}]]
    found = summarise(report, table)["porosity"]
    assert found.mean == 4
    assert found.between_trainings == pytest.approx(np.sqrt(8))  # of 2 and 6
    assert found.between_realisations == pytest.approx(np.sqrt(2))
    alone = summarise(report, [[{"porosity": 1.0}]])["porosity"]
    assert np.isnan([alone.between_trainings, alone.between_realisations]).all()


def test_percolation_is_counted_in_axes():
    axes = {"z": True, "y": False, "x": True}
    report = {"quantities": {}, "curves": {}, "connectivity": [{"percolates": axes}]}
    assert extract_values(report) == {"percolating_axes": 2}


def test_a_stopped_ensemble_keeps_what_is_finished(made, reference, quick_config, content, tmp_path):
    options = {**OPTIONS, "out": tmp_path / "e", "config": quick_config}
    spec = EnsembleSpec(reference, **options)
    steps = iter_ensemble(spec)
    while (step := next(steps)).index < 4:  # two trainings and two volumes
        assert step.n_steps == 10
    steps.close()
    models = [(tmp_path / "e" / f"training-{i}.swnn").read_bytes() for i in (1, 2)]
    with pytest.raises(FileExistsError, match="which is not empty"):
        iter_ensemble(spec)
    with pytest.raises(ValueError, match=r"got a different n_trainings for .*: 3 instead of 2"):
        iter_ensemble(replace(spec, n_trainings=3), resume=True)
    resumed = list(iter_ensemble(spec, resume=True))
    assert [step.index for step in resumed[:5]] == [1, 2, 3, 4, 4]
    assert resumed[4].activity == "volume 2.1"
    assert [(tmp_path / "e" / f"training-{i}.swnn").read_bytes() for i in (1, 2)] == models
    again = ensemble(reference, **options, resume=True)
    assert {key: s.mean for key, s in again.statistics.items()} == pytest.approx(
        {key: s.mean for key, s in made.statistics.items()}, nan_ok=True
    )


def test_an_ensemble_stopped_within_a_training_resumes_within_it(made, reference, quick_config, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_swnn.core.training.checkpoint.INTERVAL", 0.0)
    spec = EnsembleSpec(reference, out=tmp_path / "e", config=quick_config, **OPTIONS)
    steps = iter_ensemble(spec)
    while (step := next(steps)).detail is None or step.detail.iteration < 2:
        pass
    steps.close()
    assert len(list((tmp_path / "e").glob(".training-1-*.checkpoint"))) == 1
    steps = iter_ensemble(spec, resume=True)
    assert next(step.detail.iteration for step in steps if step.detail is not None) == 3
    while next(steps).index < 1:
        pass
    steps.close()
    models = [Model.load(folder / "training-1.swnn") for folder in (made.folder, tmp_path / "e")]
    assert models[0].fingerprint() == models[1].fingerprint()
    assert list((tmp_path / "e").glob(".training-1*")) == []


def test_without_validation_there_are_volumes_only(reference, quick_config, tmp_path):
    options = {"config": quick_config, "n_trainings": 1, "n_realisations": 1, "shape": (16, 16, 16)}
    made = ensemble(reference, out=tmp_path / "e", validate=False, **options)
    assert made.statistics == {}
    assert not list((tmp_path / "e").rglob("realisation*.json"))
    assert [row["training"] for row in read_csv(tmp_path / "e" / "members.csv")] == ["1"]
    steps = []
    judged = ensemble(reference, out=tmp_path / "e", resume=True, progress=steps.append, **options)
    assert np.isnan(judged.statistics["porosity"].between_trainings)
    assert steps[-1].index == steps[-1].n_steps == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"porosity": 2}, "porosity must lie in"),
        ({"n_trainings": 0}, "n_trainings must be a whole number of at least 1"),
        ({"n_realisations": 1.5}, "n_realisations must be a whole number"),
        ({"shape": (10,)}, "shape must be 2 or 3 whole numbers"),
        ({"shape": (10**4,) * 3}, "must fit into memory"),
        ({"shape": (10**5,) * 3, "validate": False}, "the disk must have space for"),
        ({"out": "file"}, "out must be a folder, got the file"),
        ({"out": "other", "resume": True}, "resume needs an unfinished run of napari-swnn"),
        ({"out": "none/e"}, "the folder of .*none/e must exist"),
    ],
)
def test_bad_input_is_refused_before_any_work(reference, quick_config, tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("precious")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("precious")
    resume = options.pop("resume", False)
    with pytest.raises((ValueError, OSError), match=message):
        iter_ensemble(EnsembleSpec(reference, config=quick_config, **{"out": "e", **options}), resume=resume)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "other"}


def test_the_request_is_kept_with_the_results(made):
    request = json.loads((made.folder / "ensemble.json").read_text(encoding="utf-8"))
    assert request["config"]["n_scales"] == 1
    assert request["shape"] == [24, 24, 24]


def test_three_phases_have_statistics_each(quick_config, rng, tmp_path):
    labels = np.abs(rng.normal(size=(3, 64, 64))).repeat(2, axis=1)[:, :64].argmax(axis=0) * 2  # 0, 2 and 4
    names = {4: "pore", 0: "binder"}
    options = {"config": quick_config, "n_trainings": 1, "n_realisations": 2, "shape": (24, 24, 24)}
    reference = Reference(labels, phase=4, names=names)
    made = ensemble(reference, out=tmp_path / "e", fractions={4: 0.4, 0: 0.35, 2: 0.25}, **options)
    model = Model.load(made.members[0].model)
    assert model.labels.phases == (4, 0, 2)
    assert model.fractions == pytest.approx((0.4, 0.35, 0.25))
    volume = open_ome_zarr(made.members[0].volume)
    assert volume.provenance["labels"] == {"phases": [4, 0, 2], "names": ["pore", "binder", ""]}
    found = volume.levels[0].compute()
    for label in (4, 0, 2):
        keys = [key for key in made.statistics if key.endswith(f"_{label}")]
        assert keys
        assert made.members[0].values[f"volume_fraction_{label}"] == pytest.approx((found == label).mean())
    assert "pore: volume fraction" in made.summary()
    with pytest.raises(ValueError, match="got a different fractions"):
        ensemble(reference, out=tmp_path / "e", fractions={4: 0.3}, resume=True, **options)
    with pytest.raises(ValueError, match="got a different reference"):
        ensemble(Reference(labels, phase=4), out=tmp_path / "e", resume=True, **options)
