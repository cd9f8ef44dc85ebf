"""The block of a README that tests/stack/figures writes: between two comments that nobody sees."""

import re

BEGIN = "<!-- Written by tests/stack/figures -->"
END = "<!-- Until here -->"
_BLOCK = re.compile(re.escape(BEGIN) + r"\n.*?" + re.escape(END), re.S)


def has_block(text):
    return len(_BLOCK.findall(text)) == 1


def with_block(text, lines):
    """The text with another block."""
    block = "\n".join([BEGIN, "", *lines, "", END])
    return _BLOCK.sub(lambda _: block, text)


def write(path, lines):
    """False: there is no such block."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if not has_block(text):
        return False
    with open(path, "w", encoding="utf-8") as file:
        file.write(with_block(text, lines))
    return True
