"""The page of vipd-exporter in a real browser: well and not, light and dark, on a phone."""

import os
import re
import shutil

import pytest

from vipdlab import browser, config
from vipdlab.exporter import PORT, Exporter

pytestmark = pytest.mark.skipif(browser.BINARY is None, reason="chromium is not installed")
URL = f"http://127.0.0.1:{PORT}/"
PHONE = 390


@pytest.fixture
def exporter(lab):
    node = lab[1]
    node.start(config.instance(priority=150, track="app"), config.instance("db", vrid=52,
               addresses="10.77.0.201/24", priority=50),
               config.check("app", "file", path=f"{node.directory}/well", interval=None))
    started = Exporter(node)
    yield started
    started.close()


def see(lab, tmp_path, name, dark):
    """A picture of the page on a phone; kept where VIPD_PICTURES says."""
    path = str(tmp_path / f"{name}.png")
    picture = browser.screenshot(lab[1].namespace, URL, path, PHONE, 900, dark)
    if os.environ.get("VIPD_PICTURES"):
        shutil.copy(path, os.environ["VIPD_PICTURES"])
    assert (picture.width, picture.height) == (PHONE, 900)
    return picture


@pytest.mark.lab(nodes=1)
@pytest.mark.limit(300)
def test_it_shows_what_is_wrong_and_then_that_all_is_well(lab, exporter, tmp_path):
    node = lab[1]
    node.wait_state("INIT", "web")
    lab.wait_master(node, "db")
    lab.wait(lambda: exporter.value("vipd_check_up", check="app") == 0, "the check fails")
    dom = browser.dom(node.namespace, URL)
    text = re.sub(r"\s+", " ", re.sub(r"<style.*?</style>|<[^>]*>", "", dom, flags=re.S))
    assert "1 thing is bad" in text and "next: vipctl status web" in text
    assert "db MASTER" in text and "10.77.0.201/24 held" in text
    # The scheme is the reader's, and nothing is wider than a phone: what would stick out beyond the
    # margin on the right is not there.
    for dark, is_ground in ((False, lambda b: b > 200), (True, lambda b: b < 60)):
        picture = see(lab, tmp_path, f"status-{'dark' if dark else 'light'}-{PHONE}", dark)
        assert all(is_ground(b) for b in picture.column(PHONE - 3))
        assert all(is_ground(b) for b in picture.column(2))
    with open(f"{node.directory}/well", "w", encoding="ascii"):
        pass
    lab.wait_master(node, "web")
    assert "All is well" in exporter.ask("/")[2]
