"""The README's table of services."""

import pytest

from scaffold import readme
from scaffold.refused import Refused


@pytest.fixture
def tree(small):
    (small / "apps/api_gateway").mkdir(parents=True)
    (small / "apps/api_gateway/__init__.py").write_text('"""The only door.\n\ndomain      edge · owner @x\n"""\n')
    (small / "docs").mkdir()
    (small / "docs/abilities.csv").write_text(
        "service,ability,status,test\napi-gateway,a,done,t\napi-gateway,b,open,\napi-gateway,c,open,\n"
    )
    (small / "README.md").write_text("before\n<!-- services -->\nold\n<!-- /services -->\nafter\n")
    return small


def test_the_table_says_domain_port_job_and_how_many_abilities_are_done(tree):
    readme.write(tree)
    row = "| edge | [`api-gateway`](apps/api_gateway) | 8000 | The only door | 1 of 3 |"
    assert row in (tree / "README.md").read_text().splitlines()


def test_what_stands_around_the_table_stays(tree):
    readme.write(tree)
    text = (tree / "README.md").read_text()
    assert text.startswith("before\n<!-- services -->\n")
    assert text.endswith("<!-- /services -->\nafter\n")


def test_a_table_that_is_out_of_date_is_noticed_and_not_rewritten(tree):
    with pytest.raises(Refused, match="make configure"):
        readme.check(tree)
    assert "old" in (tree / "README.md").read_text()
    readme.write(tree)
    readme.check(tree)


def test_an_app_without_a_domain_is_named(tree):
    (tree / "apps/api_gateway/__init__.py").write_text('"""The only door."""\n')
    with pytest.raises(Refused, match="the passport names no domain out of edge"):
        readme.write(tree)
