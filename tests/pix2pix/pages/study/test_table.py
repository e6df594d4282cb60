"""Tables of results that are made here."""

from study_cases import CLAIM, results

from pix2pix.pages.study.table import claims_table, facts, markdown, table

FIVE = [0.21, 0.22, 0.23, 0.24, 0.25]


def test_table_has_means_with_spread_then_the_recommended_recipe_and_the_trivial_answers() -> None:
    made = results({"a": [0.3, 0.31, 0.32], "b": [0.2, 0.21, 0.22], "best": [0.1]})
    assert markdown(table(made)).splitlines() == [
        "| norm | L1 | SSIM |",
        "| --- | --- | --- |",
        "| a | 0.3100 (0.3000 to 0.3200) | 0.690 (0.680 to 0.700) |",
        "| b | **0.2100 (0.2000 to 0.2200)** | **0.790 (0.780 to 0.800)** |",
        "| recommended: `best`, 3 epochs (1 of 3 seeds) | 0.1000 | 0.900 |",
        "| output = input | 0.4000 | -0.010 |",
        "| output = mean training target | 0.1600 |  |",
    ]


def test_ways_that_have_not_run_are_said_to_be_not_measured() -> None:
    lines = markdown(table(results({"a": [0.3, 0.31, 0.32]}))).splitlines()
    assert lines[3] == "| b (not measured) |  |  |"
    assert "**" not in lines[2]  # nothing to be better than


def test_claims_stand_beside_what_was_measured_and_the_verdict() -> None:
    made = results({"a": [0.3, 0.31, 0.32], "b": [0.2, 0.21, 0.22]}, claims=[CLAIM, CLAIM | {"margin": 0.5}])
    first, second = claims_table(made)[1:]
    assert [text for text, _ in first] == [
        "b is better",
        "a report, section 1",
        "L1: b lower than a",
        "0.2100 against 0.3100, spread 0.0200",
        "seen",
    ]
    assert second[2][0] == "L1: b lower than a, or worse by less than 0.5"


def test_facts_say_how_many_seeds_and_what_the_brackets_are() -> None:
    three = facts(results({"a": [0.3, 0.31, 0.32], "b": [0.2, 0.21, 0.22]}))
    assert three.startswith(
        "40 training, 10 validation and 5 test pairs of 64 px; 3 epochs at batch 1; 3 seeds"
    )
    assert "the least and the greatest" in three
    assert "95% intervals" in facts(results({"a": FIVE, "b": FIVE}, seeds=5))
    assert "one seed, which decides nothing" in facts(results({"a": [0.3]}))
    assert facts(results({})) == ""
