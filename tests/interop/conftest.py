"""Fixtures of the interop suite alone."""

import pytest


@pytest.fixture
def write(tmp_path):
    """write(text, name) makes a file and gives its path."""
    def write_file(text, name="test.conf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path
    return write_file
