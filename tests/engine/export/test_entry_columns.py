"""Entries in two columns: all of them, in order and on the paper, no stray lines at the end."""

from __future__ import annotations

import pytest

from engine.export.entry_columns import two_columns
from engine.export.page import BOTTOM, HEIGHT, MARGIN, WIDTH, Flow

MEANING = "Length of the contour from annulus through apex to annulus, at end-diastole, and so on."


def places(flow: Flow) -> list[list[tuple[float, float, str]]]:
    """Return x and y, mm, and the words of every text below a page's head."""
    return [
        [
            (x * WIDTH, (1 - y) * HEIGHT, text.get_text())
            for text in page.figure.texts
            for x, y in (text.get_position(),)
            if (1 - y) * HEIGHT > 25
        ]
        for page in flow.pages
    ]


@pytest.mark.parametrize("count", [1, 2, 7, 40, 120])
def test_all_entries_stand_once_in_order_and_on_the_paper(count: int) -> None:
    flow = Flow("Report", "")
    flow.y = 120.0
    names = [f"Quantity {number}" for number in range(count)]
    two_columns(flow, [(name, MEANING) for name in names])
    found = [word for page in places(flow) for *_, word in page if word.startswith("Quantity")]
    assert found == names
    for page in places(flow):
        assert all(y <= BOTTOM + 4 for _, y, _ in page)


def test_both_columns_are_about_as_high() -> None:
    flow = Flow("Report", "")
    two_columns(flow, [(f"Quantity {number}", MEANING) for number in range(11)])
    (page,) = places(flow)
    left = max(y for x, y, _ in page if x < WIDTH / 2 - MARGIN)
    right = max(y for x, y, _ in page if x > WIDTH / 2)
    assert 0 <= left - right < 12


def test_type_is_smaller_where_that_saves_a_page() -> None:
    sizes = set()
    for count in range(56, 76):
        flow = Flow("Report", "")
        two_columns(flow, [(f"Quantity {number}", MEANING) for number in range(count)])
        small = flow.pages[0].figure.texts[-1].get_size()
        sizes.add((len(flow.pages), round(small, 1)))
    assert {(1, 7.0), (1, 6.2), (2, 7.0)} <= sizes
    assert (2, 6.2) not in sizes


def test_a_name_as_wide_as_the_column_stands_above_its_meaning() -> None:
    flow = Flow("Report", "")
    two_columns(flow, [("A name that leaves nothing of its line to what it means, truly", MEANING)])
    (page,) = places(flow)
    assert page[1][2] == ""
