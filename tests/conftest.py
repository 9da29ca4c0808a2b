"""No test reads or writes what this machine's user has remembered."""

import pytest

from kongchuo.core import places


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory):
    """Every test, and every process one starts, remembers in a folder of the session's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.CACHE, str(tmp_path_factory.mktemp("cache")))
        yield
