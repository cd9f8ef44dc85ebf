"""A lab of network namespaces to try vipd in: a switch, nodes and a client. Standard library only.

Nothing here touches the machine's own namespace: links are made inside the namespaces at once.
"""
