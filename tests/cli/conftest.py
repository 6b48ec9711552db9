"""A person at a terminal, beside a deployment that exists only in memory."""

from pathlib import Path

import pytest

from tests.cli.fakes import FakeCloud, Terminal


@pytest.fixture
def bare_terminal(tmp_path: Path) -> Terminal:
    cwd = tmp_path / "work"
    cwd.mkdir()
    return Terminal(FakeCloud(), cwd, tmp_path / "config", {}, [])


@pytest.fixture
def terminal(bare_terminal: Terminal) -> Terminal:
    """Beside a running embedded cloud."""
    bare_terminal.embedded_cloud()
    return bare_terminal
