"""An instance whose interface does not exist is no secret."""

import pytest

from vipdlab import config

SAID = "there is no interface ens192: it takes no part until there is one"


@pytest.mark.lab(nodes=1)
def test_it_is_logged_at_the_start_and_after_each_reload(lab):
    node = lab[1].start(config.instance(interface="ens192"))
    lab.wait(lambda: node.log_text().count(SAID) == 1, "the start says it")
    node.vipctl("reload")
    lab.wait(lambda: node.log_text().count(SAID) == 2, "the reload says it")
    text = node.vipctl("status").stdout
    assert "there is no interface ens192; no master is known" in text and "has no address" not in text
