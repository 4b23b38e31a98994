"""What all tests share: one thread, reproducible examples, and three options."""

import os
import signal
import sys
from unittest import mock

os.environ.setdefault("MPLBACKEND", "Agg")  # before anything imports matplotlib

import pytest
import torch

try:
    from hypothesis import settings
except ImportError:  # .venv-smac has none, and its tests need none
    pass
else:
    settings.register_profile("ci", derandomize=True, deadline=None)
    settings.register_profile("nightly", deadline=None, max_examples=1000)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# More threads make small tensors slower, and the sums of a loaded machine different.
torch.set_num_threads(1)

# A shell's `&` leaves SIGINT ignored, nohup SIGHUP: for the programs under test, too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite golden files"
    )
    parser.addoption("--device", default="cpu", help="where tensors live: cpu or cuda")
    parser.addoption("--slow", action="store_true", help="run the slow tests, too")


def pytest_configure(config):
    # pyproject.toml deselects both markers; only this command line asks for one back.
    if config.option.slow and "-m" not in sys.argv:
        config.option.markexpr = "not gpu"


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA on this machine"))


@pytest.fixture
def update_golden(request):
    """Whether golden files are to be rewritten rather than compared."""
    return request.config.getoption("--update-golden")


@pytest.fixture
def device(request):
    """The device under test; a test that takes it runs on CUDA with --device=cuda."""
    name = request.config.getoption("--device")
    if name.startswith("cuda") and not torch.cuda.is_available():
        pytest.skip("no CUDA on this machine")
    return torch.device(name)


@pytest.fixture
def no_smac():
    """As if nothing had imported a `smac`; what the test imports is forgotten."""
    with mock.patch.dict(sys.modules):
        for name in list(sys.modules):
            if name.partition(".")[0] == "smac":
                del sys.modules[name]
        yield
