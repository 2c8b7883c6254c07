"""What walks become: which journeys failed, how much of all that users do, and how long it took."""

from local.blast.journeys import JOURNEYS, Journey
from local.blast.load import Walk
from local.blast.matrix import Row, empty, summary, tally
from local.blast.report import as_csv, as_markdown, as_svg


def nothing(client: object, ground: object) -> None:
    """Not walked here."""


TWO = (Journey("read", 75, nothing), Journey("<write>", 25, nothing))
KILLED = 100.0


def walked(component: str, *walks: Walk) -> Row:
    row = empty(component, TWO)
    tally(row, walks, KILLED, until=110.0)
    return row


def test_a_failed_walk_counts_with_its_journeys_weight_and_recovery_ends_with_the_next_good_one() -> None:
    row = walked(
        "app",
        Walk("read", 99.9, 100.1, None),
        Walk("<write>", 99.0, 100.2, "503"),
        Walk("<write>", 100.5, 100.6, "503"),
        Walk("<write>", 101.0, 102.5, None),
        Walk("<write>", 103.0, 104.0, None),
    )
    assert row.share(TWO) == 0.25
    assert row.lost(TWO) == 0.25 * 2 / 4
    assert row.recovery == 2.5
    assert row.main_reason == "503"


def test_what_ended_before_the_kill_or_began_after_all_was_well_does_not_count() -> None:
    row = walked("app", Walk("read", 98.0, 99.9, "503"), Walk("read", 110.1, 111.0, "503"))
    assert row.share(TWO) == 0
    assert row.recovery == 0
    assert row.cells["read"].walks == 0


def test_a_journey_that_never_went_well_again_has_no_recovery_whatever_another_kill_says() -> None:
    row = walked("app", Walk("read", 100.1, 100.2, "503"))
    assert row.recovery is None
    tally(row, [Walk("read", 100.1, 100.2, "503"), Walk("read", 100.3, 100.4, None)], KILLED, until=110.0)
    assert row.recovery is None
    assert "Slowest to recover: app, never" in summary([row], TWO)


def test_the_longest_of_several_kills_is_told() -> None:
    row = walked("app", Walk("read", 100.1, 100.2, "503"), Walk("read", 103.0, 104.0, None))
    tally(row, [Walk("read", 100.1, 100.2, "503"), Walk("read", 100.3, 101.0, None)], KILLED, until=110.0)
    assert row.recovery == 4.0
    assert row.cells["read"].walks == 4


def test_the_mean_and_the_worst_are_named() -> None:
    hurt = walked("valkey", Walk("read", 100.1, 100.2, "a | b"), Walk("read", 101.0, 102.0, None))
    rows = [walked("sentry", Walk("read", 100.1, 100.2, None)), hurt]
    said = as_markdown(rows, TWO)
    assert said.startswith("Mean: 38% of what users do failed at least once")
    assert "Worst: valkey, 75%. Slowest to recover: valkey, 2.0 s." in said
    table = said.splitlines()[4:]
    assert [line.split(" | ")[0] for line in table] == ["| valkey", "| sentry"]
    assert "a / b" in table[0]


def test_csv_has_each_pair_and_the_picture_escapes_names() -> None:
    rows = [walked("app", Walk("<write>", 100.1, 100.2, "503"))]
    lines = as_csv(rows, TWO).splitlines()
    assert lines[1:] == ["app,read,75,0,0,0.00,", "app,<write>,25,1,1,,503"]
    picture = as_svg(rows, TWO)
    assert "&lt;write&gt; (25)" in picture
    assert "<write>" not in picture
    assert picture.count("<rect") == 1 + 2


def test_the_list_of_journeys_is_frozen() -> None:
    assert sum(one.weight for one in JOURNEYS) == 100
    assert len({one.name for one in JOURNEYS}) == len(JOURNEYS) == 16
