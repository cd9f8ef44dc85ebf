"""The stack lab: hosts that run an example's files, real servers on them, and a client that never
stops."""
