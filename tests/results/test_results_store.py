import pandas as pd
import pyarrow.parquet as pq
import pytest

from planner.base.errors import InputError
from planner.results import TABLES, from_parquet, to_parquet
from planner.results.store import checked


def test_tables_come_back_from_disk_unchanged(results, tmp_path):
    to_parquet(results, tmp_path / "tables")

    back = from_parquet(tmp_path / "tables")

    for name in TABLES:
        pd.testing.assert_frame_equal(back.tables[name], results.tables[name])


def test_a_file_rewritten_with_narrower_numbers_is_read_with_the_types_of_the_schema(results, tmp_path):
    to_parquet(results, tmp_path)
    results.site_year.astype({"year": "int32"}).to_parquet(tmp_path / "site_year.parquet")

    back = from_parquet(tmp_path)

    pd.testing.assert_frame_equal(back.site_year, results.site_year)


def test_files_tell_units_and_meanings(results, tmp_path):
    to_parquet(results, tmp_path)

    schema = pq.read_schema(tmp_path / "site_year.parquet")

    column = schema.field("energy_mwh").metadata
    assert column[b"unit"] == b"MWh"
    assert column[b"about"] == b"Energy used in the year"
    assert schema.metadata[b"key"] == b"site,year"


def test_every_file_that_is_missing_or_foreign_is_named(results, tmp_path):
    to_parquet(results, tmp_path)
    (tmp_path / "plan.parquet").unlink()
    (tmp_path / "rent.parquet").write_bytes(b"not a table")
    results.halls.drop(columns="usable_mw").to_parquet(tmp_path / "halls.parquet")

    with pytest.raises(InputError) as caught:
        from_parquet(tmp_path)

    named = [problem.file.rsplit("/")[-1] for problem in caught.value.problems]
    assert named == ["halls.parquet", "plan.parquet", "rent.parquet"]


def test_tables_are_attributes(results):
    assert results.site_year is results.tables["site_year"]
    assert "site_year" in dir(results)
    with pytest.raises(AttributeError, match="no table 'site_yaer'"):
        _ = results.site_yaer


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda t: t.rename(columns={"energy_mwh": "energy"}), "has columns"),
        (lambda t: t.assign(year=t["year"].astype(float)), "column year .* is float64, not int64"),
        (lambda t: t.assign(energy_mwh=float("nan")), "column energy_mwh .* is nan in row 0"),
        (lambda t: t.assign(pue=float("inf")), "column pue .* is inf in row 0"),
        (lambda t: pd.concat([t, t.iloc[[2]]]), "two rows for {'site':"),
    ],
    ids=["unknown column", "type", "missing number", "infinite number", "key twice"],
)
def test_a_table_that_is_not_as_its_schema_says_is_refused(results, spoil, message):
    with pytest.raises(ValueError, match=message):
        checked("site_year", spoil(results.site_year))
