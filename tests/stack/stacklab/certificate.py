"""A certificate as an administrator without an authority makes one: with openssl, for a name."""

import os
import subprocess


def make(directory, name):
    """Makes NAME.crt and NAME.key there; returns both texts."""
    crt, key = f"{directory}/{name}.crt", f"{directory}/{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
         "-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", crt], check=True, capture_output=True, timeout=30)
    os.chmod(key, 0o600)
    with open(crt, encoding="ascii") as cert_file, open(key, encoding="ascii") as key_file:
        return cert_file.read(), key_file.read()
