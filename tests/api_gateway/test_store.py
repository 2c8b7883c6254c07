from apps.api_gateway.domain.why.evidence import Exchange
from apps.api_gateway.settings import Settings
from apps.api_gateway.store import Memory, memory


def an_exchange(trace: str, status: int = 500, tenant: str | None = "local", total: float = 5) -> Exchange:
    return Exchange(1.0, tenant, trace, f"r-{trace}", "GET", "/v0", "some-app", status, total)


def a_memory(failures: int = 2, successes: int = 2) -> Memory:
    return Memory(Settings(remembered_failures=failures, remembered_successes=successes))


def test_only_the_latest_are_kept():
    memory = a_memory()
    for trace in "abc":
        memory.keep(an_exchange(trace))
    assert memory.find("local", "a") is None
    assert memory.last("local").trace_id == "c"


def test_successes_do_not_push_out_failures():
    memory = a_memory()
    memory.keep(an_exchange("failed"))
    for trace in "abcdef":
        memory.keep(an_exchange(trace, status=200))
    assert memory.last("local").trace_id == "failed"
    assert memory.find("local", "r-f").trace_id == "f"


def test_a_slow_success_counts_like_a_failure():
    memory = a_memory()
    memory.keep(an_exchange("slow", status=200, total=1500))
    assert memory.last("local").trace_id == "slow"


def test_of_one_trace_the_failure_is_found_first():
    memory = a_memory()
    memory.keep(an_exchange("t", status=500))
    memory.keep(an_exchange("t", status=200))
    assert memory.find("local", "t").status == 500


def test_tenants_do_not_see_each_other():
    memory = a_memory()
    memory.keep(an_exchange("t", tenant="other"))
    assert (memory.last("local"), memory.find("local", "t")) == (None, None)


def test_the_number_of_tenants_is_bounded(monkeypatch):
    monkeypatch.setattr(memory, "MAX_TENANTS", 2)
    kept = a_memory()
    for tenant in ("first", "second", "third"):
        kept.keep(an_exchange("t", tenant=tenant))
    assert (kept.last("first"), kept.last("third").tenant) == (None, "third")
