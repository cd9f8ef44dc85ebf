"""What vipctl says of its verbs, and what the shells complete, is the same set of verbs and options."""

import os
import re
import shutil
import subprocess

import pytest

from vipdlab.exporter import EXPORTER
from vipdlab.node import VIPCTL

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
OPTION = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)")


def help_of(*arguments):
    return subprocess.run([VIPCTL, *arguments, "--help"], capture_output=True, text=True, timeout=20,
                          check=True).stdout


VERBS = re.findall(r"^  ([a-z]+) ", help_of(), re.M)


def options(verb):
    return set(OPTION.findall(help_of(verb).splitlines()[0]))


@pytest.mark.parametrize("verb", VERBS)
def test_help_explains_each_option(verb):
    usage, _, *lines = help_of(verb).splitlines()
    explained = [line.split()[0] for line in lines if re.match(r"  \S", line)]
    assert {word for word in explained if word.startswith("-")} == options(verb), usage
    assert all(word in usage for word in explained)
    assert all(len(line) <= 80 for line in lines)


def test_bash_completes_them():
    with open(f"{TOP}/packaging/completion/vipctl", encoding="utf-8") as file:
        text = file.read()
    for verb in VERBS:
        case = re.search(rf"^    (?:\w+ \| )*{verb}(?: \| \w+)*\)(.*?);;", text, re.M | re.S).group(1)
        assert options(verb) <= set(OPTION.findall(case)), verb


def test_zsh_completes_them():
    with open(f"{TOP}/packaging/completion/_vipctl", encoding="utf-8") as file:
        text = file.read()
    for verb in VERBS:
        assert f"'{verb}:" in text
        case = re.search(rf"^    (?:\w+ \| )*{verb}(?: \| \w+)*\)(.*?);;", text, re.M | re.S).group(1)
        case = case.replace("$json", "--json").replace("$config_dir", "--config-dir")
        assert options(verb) <= set(OPTION.findall(case)), verb


def test_fish_completes_them():
    with open(f"{TOP}/packaging/completion/vipctl.fish", encoding="utf-8") as file:
        lines = file.read().splitlines()
    for verb in VERBS:
        assert any(f"-a {verb} -d" in line for line in lines), verb
        found = set()
        for line in lines:
            of = re.search(r"__vipctl_has ([a-z ]+)'", line)
            if of and verb in of.group(1).split():
                found |= {f"--{name}" for name in re.findall(r" -l (\S+)", line)}
                found |= {f"-{name}" for name in re.findall(r" -s (\S+)", line)}
        assert options(verb) == found, verb


def test_all_complete_the_exporter():
    usage = subprocess.run([EXPORTER, "--help"], capture_output=True, text=True, timeout=20,
                           check=True).stdout
    wanted = set(re.findall(r"^  --([a-z]+)", usage, re.M))
    assert wanted == {"listen", "control", "version", "help"}
    assert all(len(line) <= 80 for line in usage.splitlines())
    for name, form in (("vipd-exporter", r"(?<![\w-])--([a-z]+)"), ("_vipd-exporter", r"--([a-z]+)\["),
                       ("vipd-exporter.fish", r" -l (\S+)")):
        with open(f"{TOP}/packaging/completion/{name}", encoding="utf-8") as file:
            assert wanted == set(re.findall(form, file.read())), name


@pytest.mark.parametrize("shell, name", [
    ("bash", "vipctl"), ("zsh", "_vipctl"), ("fish", "vipctl.fish"),
    ("bash", "vipd-exporter"), ("zsh", "_vipd-exporter"), ("fish", "vipd-exporter.fish")])
def test_the_shell_takes_it(shell, name):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    subprocess.run([shell, "-n", f"{TOP}/packaging/completion/{name}"], check=True, timeout=20)
