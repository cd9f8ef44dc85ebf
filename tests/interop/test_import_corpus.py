"""vipctl import: a corpus of whole files, one for each kind of site, and how many of their statements
are carried over, differ, and are cosmetic. A build without all keys carries fewer; whatever it does,
`vipctl check` takes the result."""

from pathlib import Path

import pytest

from vipdlab.importing import convert, keys_of, lost, schema_keys, takes

CORPUS = Path(__file__).parent / "data" / "import" / "corpus"
# file: carried over, different, cosmetic
COUNTS = {
    "cloud-no-address": (3, 0, 5),
    "director": (5, 5, 1),
    "dual-stack-2": (7, 0, 1),
    "gateway": (15, 1, 2),
    "neutron": (10, 0, 7),
    "password-pair": (12, 0, 3),
    "root-scripts": (12, 5, 1),
    "sloppy": (10, 0, 12),
}
KEYS = {"password", "dead-factor", "multicast-group", "extra-addresses", "routes", "rules",
        "unicast-ttl", "follow-link", "link-down-delay", "on-rival"}


@pytest.mark.parametrize("name", COUNTS)
def test_the_corpus(name):
    report = convert(CORPUS / f"{name}.conf")
    counts = report["statements"]
    found = (counts["alike"], counts["differ"], counts["cosmetic"])
    assert sum(found) == sum(COUNTS[name]) or not KEYS <= schema_keys()["instance"]
    if KEYS <= schema_keys()["instance"] and takes("accept = no"):
        assert found == COUNTS[name], report["items"]
        assert [i for i in report["items"] if i["danger"] == "masters"] == []


def test_every_file_of_the_corpus_is_counted():
    assert {path.stem for path in CORPUS.glob("*.conf")} == set(COUNTS)


def test_the_router_of_a_cloud_is_all_there():
    report = convert(CORPUS / "neutron.conf")
    if not KEYS <= schema_keys()["instance"]:
        pytest.skip("a build without all keys")
    keys = keys_of(report, "instance VR_1")
    assert keys["addresses"] == "169.254.0.1/24"
    assert keys["extra-addresses"] == ("10.0.0.1/24 dev qr-7c21, 2001:db8:5::1/64 dev qr-7c21, "
                                       "198.51.100.7/24 dev qg-91ff")
    assert keys["routes"] == "0.0.0.0/0 via 198.51.100.1 dev qg-91ff"
    assert lost(report) == []
