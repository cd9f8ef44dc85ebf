"""Whether the kernel has caught up with an agent."""


def follows_state(instance):
    """What the kernel holds of an instance is what its state asks for, as far as it can be now."""
    if instance is None or instance["lingering"] or instance.get("waiting"):
        return True
    if instance["state"] == "MASTER":
        return all(a["held"] or a.get("waits") for a in instance["addresses"])
    return not any(a.get("owner") == "vipd" for a in instance["addresses"])
