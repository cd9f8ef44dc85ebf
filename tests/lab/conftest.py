"""Fixtures of the lab alone."""

import pytest

from vipdlab.service import Server


@pytest.fixture
def serve(lab):
    """serve(node, address, answer) starts a Server that ends with the test."""
    servers = []

    def start(node, address, answer, tls=None):
        servers.append(Server(node.namespace, address, answer, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
