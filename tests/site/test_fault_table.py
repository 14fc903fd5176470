"""The table of faults is what the campaign wrote."""

import json

from fashret_utils.site import faults


def test_the_table_shows_what_was_tried_and_what_failed(tmp_path):
    assert "No faults were tried" in faults.markdown(tmp_path)
    row = {"fault": "kill -9", "where": "training", "expected": "goes on", "tried": 1600}
    row |= {"survived": 1599, "failures": ["a|b", "c"], "remark": "9 resumed"}
    here = {"device": "a processor", "cores": 2}
    part = {"time": "2026-01-02T03:04:05+00:00", "machine": here, "rows": [row]}
    (tmp_path / "faults.json").write_text(json.dumps({"parts": {"kills": part}}))
    lines = faults.markdown(tmp_path).splitlines()
    assert lines[0] == "| fault | where | expected | tried | survived | remark |"
    assert lines[2] == "| kill -9 | training | goes on | 1,600 | 1,599 | 9 resumed; a\\|b |"
    assert lines[-1].endswith("2026-01-02, a processor, 2 cores.")
