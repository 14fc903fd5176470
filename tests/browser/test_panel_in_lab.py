"""The panel in JupyterLab: a picture is dropped on it, and a kept model answers."""

import base64
import io
import os
import socket
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from fashret_utils import own_photo
from fashret_utils.models import backbones
from fashret_utils.training import Run
from fashret_utils.wardrobe import Wardrobe

CELL = """\
from pathlib import Path
from fashret_utils import own_photo
own_photo.panel(Path("models"), k=2)"""
DROP = """async ([text, name]) => {
    const bytes = await (await fetch(`data:;base64,${text}`)).arrayBuffer();
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    const zone = document.querySelector(".own-photo-drop");
    for (const type of ["dragenter", "dragover", "drop"])
        zone.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""
PATIENCE = 60_000  # milliseconds until Lab and its kernel are there


@pytest.fixture
def lab(tmp_path, playwright):
    """JupyterLab's address; its folder has a notebook with the panel, and a kept model."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    garments = Wardrobe(seed=1, items=12, split=(3, 1, 8), street_pictures=1).catalog()
    names = {"data": garments.name, "arm": "toy", "scale": "smoke", "seed": 0, "device": "cpu"}
    run = Run("00_street_to_shop", **names, results=tmp_path / "results")
    model = backbones.build("small", dim=16, width=8, seed=0)
    own_photo.keep(run, model, garments, 32, folder=tmp_path / "models")
    notebook = new_notebook(cells=[new_code_cell(CELL)])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]
    command.append("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
    here = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    env = os.environ | {name: str(tmp_path / name.lower()) for name in here}
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path, env=env)
    for _ in range(PATIENCE // 500):
        try:
            urlopen(f"http://127.0.0.1:{port}/api").close()
            break
        except URLError:
            time.sleep(0.5)
    else:
        pytest.fail((tmp_path / "log").read_text())
    yield f"http://127.0.0.1:{port}/lab/tree/panel.ipynb", garments
    server.terminate()
    server.wait()


def test_a_dropped_picture_is_answered_and_the_field_takes_the_keyboard(lab, chromium):
    address, garments = lab
    tab = chromium.new_context(viewport={"width": 1200, "height": 900}).new_page()
    tab.set_default_timeout(PATIENCE)
    tab.goto(address)
    tab.locator(".jp-Cell .cm-content").first.click()
    tab.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
    tab.keyboard.press("Shift+Enter")
    field = tab.locator(".own-photo-drop")
    field.wait_for()
    assert field.get_by_label("Drop a photo here, or choose one").get_attribute("type") == "file"
    field.locator("input").focus()
    assert field.evaluate("zone => getComputedStyle(zone).outlineStyle") == "solid"
    gallery = garments.where(split="gallery")
    gallery = gallery.take(np.unique(gallery.item, return_index=True)[1])
    picture = io.BytesIO()
    Image.fromarray(gallery.pixels(32)[5].transpose(1, 2, 0)).save(picture, "PNG")
    found = f"{gallery.category[5]}, item {gallery.item[5]}"
    tab.evaluate(DROP, [base64.b64encode(picture.getvalue()).decode(), "own.png"])
    tab.locator(f'img[alt$="first: {found}"]').wait_for()
    assert field.locator("input").evaluate("input => input.files[0].name") == "own.png"
    tab.evaluate(DROP, [base64.b64encode(b"a text").decode(), "text.png"])
    tab.get_by_text("no picture that can be read").wait_for()
    tab.context.close()
