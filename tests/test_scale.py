import psutil
import pytest
import torch

from fashret_utils.scale import (
    SCALES,
    Scale,
    choose_device,
    machine,
    peak_memory_gib,
    preset,
    scale,
)


@pytest.mark.parametrize("name", SCALES)
def test_pick_gives_the_value_of_the_scale(name):
    values = {key: key for key in SCALES}
    assert scale(name).pick(**values) == name


def test_paper_falls_back_to_gpu_and_full_to_quick():
    assert scale("paper").pick(smoke=1, quick=2, gpu=3) == 3
    assert scale("full").pick(smoke=1, quick=2, gpu=3) == 2
    assert scale("paper").pick(smoke=1, quick=2, gpu=3, paper=0) == 0


def test_scale_of_a_scale_is_itself_and_prints_its_name():
    quick = scale("quick")
    assert scale(quick) is quick
    assert f"{quick}" == "quick"


@pytest.mark.parametrize("make", [scale, Scale])
def test_unknown_scale_lists_them_all(make):
    with pytest.raises(ValueError, match=r"unknown scale 'huge'.*smoke, quick, full, gpu, paper"):
        make("huge")


TABLE = {
    "smoke": {"steps": 3, "size": 28},
    "quick": {"steps": 100},
    "gpu": {"steps": 1000, "size": 96},
}


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("smoke", (3, 28)), ("quick", (100, 28)), ("full", (100, 28)), ("paper", (1000, 96))],
)
def test_a_scale_has_the_sizes_of_its_row_and_of_those_before(name, sizes):
    assert preset(TABLE, name) == dict(zip(("steps", "size"), sizes, strict=True))


def test_a_table_of_sizes_is_checked():
    with pytest.raises(ValueError, match="'quick' has a size 'step' that the first row lacks"):
        preset(TABLE | {"quick": {"step": 100}}, "full")
    with pytest.raises(ValueError, match="unknown scale 'fast'"):
        preset(TABLE | {"fast": {}}, "smoke")
    with pytest.raises(ValueError, match="the table of sizes is empty"):
        preset({}, "smoke")


def test_auto_takes_the_gpu_only_when_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device() == torch.device("cpu")
    with pytest.raises(RuntimeError, match=r'sees 0 GPU.*device="auto"'):
        choose_device("cuda")


def test_a_gpu_number_beyond_the_last_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("auto") == torch.device("cuda")
    with pytest.raises(RuntimeError, match=r"'cuda:1'.*sees 1 GPU"):
        choose_device("cuda:1")


def test_unknown_device_is_refused():
    with pytest.raises(ValueError, match=r"unknown device 'tpu'.*auto"):
        choose_device("tpu")


def test_machine_names_processor_and_memory():
    found = machine("cpu")
    assert found["device"] == found["processor"] != ""
    assert 1 <= found["cores"] <= psutil.cpu_count()
    assert found["memory_gib"] == pytest.approx(psutil.virtual_memory().total / 2**30, abs=0.06)


def test_peak_memory_remembers_what_was_given_back():
    before = peak_memory_gib()
    block = torch.ones(int(before * 2**28) + 2**26)  # float32: a quarter GiB more than ever
    assert peak_memory_gib() >= before + 0.2
    del block
    assert peak_memory_gib() >= before + 0.2
