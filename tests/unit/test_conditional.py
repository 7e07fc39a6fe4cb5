"""Entity tags, as RFC 9110 section 8.8.3 and 13.1 have them."""

import pytest

from apps.kit.web.conditional import if_match_fails, if_none_match_hits


@pytest.mark.parametrize("header", [None, "", "*", '"v2"', '"v1", "v2"', '"v1","v2"', ' "v2" '])
def test_if_match_lets_through_what_names_the_version(header: str | None) -> None:
    assert not if_match_fails(header, "v2")


@pytest.mark.parametrize("header", ['"v1"', 'W/"v2"', '"v22"', '"v1", W/"v2"'])
def test_if_match_stops_what_does_not_and_never_takes_a_weak_tag(header: str) -> None:
    assert if_match_fails(header, "v2")


@pytest.mark.parametrize("header", ["*", '"v2"', 'W/"v2"', '"v1", W/"v2"'])
def test_if_none_match_compares_weakly(header: str) -> None:
    assert if_none_match_hits(header, "v2")


@pytest.mark.parametrize("header", ['"v2', '"v1" "v2"', "W/v2", ","])
def test_what_is_no_list_of_tags_never_lets_a_change_through(header: str) -> None:
    assert if_match_fails(header, "v2")


@pytest.mark.parametrize("header", [None, "", '"v2', '"v1" "v2"', '"v22"'])
def test_what_names_no_tag_gets_the_whole_answer(header: str | None) -> None:
    assert not if_none_match_hits(header, "v2")
