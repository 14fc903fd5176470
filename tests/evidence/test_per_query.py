"""Per-query results: what is kept is what the evaluation found, in a few bytes a query."""

import numpy as np
import pytest

from fashret_utils import retrieval
from fashret_utils.atomic import ResultsError
from fashret_utils.evidence import query_files
from fashret_utils.evidence.per_query import LAST_RANK, NO_HIT, PerQuery


def evaluation(**options):
    random = np.random.default_rng(0)
    items, shop = np.repeat(np.arange(40), 3), np.repeat(np.arange(38), 4)
    centres = random.normal(size=(40, 8))
    query = centres[items] + 1.2 * random.normal(size=(120, 8))
    gallery = centres[shop] + 0.6 * random.normal(size=(152, 8))
    settings = {"k": (1, 5, 20), "absent": "zero", "bootstrap": 0} | options
    return retrieval.evaluate(query, gallery, items, shop, **settings)


def some(n=6, **columns):
    whole = {
        "average_precision": np.linspace(0, 1, n),
        "first_hit": np.arange(n),
        "item": np.arange(n) // 2,
    }
    return PerQuery(**(whole | columns))


def test_every_metric_of_an_evaluation_comes_out_again():
    found = evaluation()
    kept = PerQuery.of(found)
    for name in ("hit@1", "hit@5", "hit@20", "mrr"):
        np.testing.assert_array_equal(kept.metric(name), found.per_query[name])
    np.testing.assert_allclose(kept.metric("map"), found.per_query["map"], atol=2.5e-4)
    assert kept.metric("map").mean() == pytest.approx(found.metrics["map"], abs=5e-5)
    np.testing.assert_array_equal(kept.item, found.query_items)
    assert (kept.first_hit[-6:] == NO_HIT).all()  # items 38 and 39 are not in the gallery


def test_queries_that_were_left_out_have_no_row():
    found = evaluation(absent="skip")
    families = np.repeat(np.arange(20), 6)
    kept = PerQuery.of(found, family=families, more={"seen": np.full(114, 0.5)})
    assert len(kept.item) == 114
    np.testing.assert_array_equal(kept.family, families[:114])
    assert kept.metric("seen").mean() == 0.5


def test_an_evaluation_of_the_top_only_is_refused():
    with pytest.raises(ValueError, match="full_ranking=True"):
        PerQuery.of(evaluation(full_ranking=False))


def test_ranks_beyond_the_last_are_the_last():
    kept = some(4, first_hit=np.array([0, 1, LAST_RANK - 1, 3_000_000]))
    assert kept.first_hit.tolist() == [NO_HIT, 1, LAST_RANK - 1, LAST_RANK]
    assert kept.metric(f"hit@{LAST_RANK - 1}").tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="ranks are kept up to 65534"):
        kept.metric(f"hit@{LAST_RANK}")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"average_precision": np.array([0, 0, 0, 0, 0, 1.5])}, "shares from 0 to 1, found 0 to"),
        ({"average_precision": np.array([0, 0, 0, 0, 0, np.nan])}, "shares from 0 to 1"),
        ({"average_precision": np.zeros(5)}, "one value a query"),
        ({"first_hit": np.full(6, 0.5)}, "whole ranks"),
        ({"first_hit": np.full(6, -1)}, "ranks from 1, or 0"),
        ({"item": np.zeros(6)}, "item, row 0: 0.0 is wrong, .* not float64"),
        ({"family": np.arange(6)}, "two families"),
        ({"more": {"item": np.zeros(6)}}, "may not be called"),
        ({"more": {"loss": np.full(6, 2.0)}}, "loss must be shares"),
    ],
)
def test_what_cannot_be_kept_fails_when_it_is_made(columns, message):
    with pytest.raises(ValueError, match=message):
        some(**columns)


def test_no_queries_fail():
    with pytest.raises(ValueError, match="one value a query"):
        some(0)


def test_unknown_metrics_name_those_there_are():
    with pytest.raises(ValueError, match="there are map, mrr, hit@k, seen"):
        some(more={"seen": np.zeros(6)}).metric("map@r")


@pytest.mark.parametrize("items", [np.arange(6) + 10**10, np.array(list("aabbcc"))])
def test_a_file_a_run_and_one_for_the_queries_of_all(tmp_path, items):
    columns = {"item": items, "more": {"category_precision@10": np.full(6, 0.25)}}
    kept = {}
    for seed in (0, 1):
        record = tmp_path / f"demo/shoes/triplet/full-seed{seed}.json"
        found = some(**columns, average_precision=np.full(6, seed / 4))
        kept[record] = query_files.write(found, record, tmp_path, "shoes")
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.npz"))
    queries = kept[record]["queries"]
    assert files == [
        "demo/shoes/triplet/full-seed0.queries.npz",
        "demo/shoes/triplet/full-seed1.queries.npz",
        queries,
    ]
    for seed, record in enumerate(kept):
        back = query_files.read(kept[record], record, tmp_path)
        assert (back.metric("map") == seed / 4).all()
        assert (back.metric("category_precision@10") == 0.25).all()
        assert back.item.tolist() == items.tolist()
        assert back.family.tolist() == items.tolist()
        np.testing.assert_array_equal(back.first_hit, np.arange(6))


def test_another_order_of_the_queries_is_another_file(tmp_path):
    names = {
        query_files.write(some(item=item), tmp_path / "r.json", tmp_path, "shoes")["queries"]
        for item in (np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 2, 2]))
    }
    assert len(names) == 2


def test_the_type_of_item_numbers_makes_no_other_file(tmp_path):
    names = {
        query_files.write(some(item=item), tmp_path / "r.json", tmp_path, "shoes")["queries"]
        for item in (np.arange(6, dtype=np.int64), np.arange(6, dtype=np.uint32))
    }
    assert len(names) == 1


def test_files_of_another_run_are_refused(tmp_path):
    record = tmp_path / "full-seed0.json"
    kept = query_files.write(some(), record, tmp_path, "shoes")
    query_files.write(some(average_precision=np.zeros(6)), record, tmp_path, "shoes")
    with pytest.raises(ResultsError, match="not what its record describes"):
        query_files.read(kept, record, tmp_path)
    query_files.path_of(record).unlink()
    with pytest.raises(FileNotFoundError, match=r"full-seed0\.queries\.npz"):
        query_files.read(kept, record, tmp_path)


def test_four_thousand_queries_take_a_few_kilobytes(tmp_path):
    random = np.random.default_rng(0)
    first = np.minimum(random.geometric(0.08, 4000), 1200)
    found = PerQuery(
        average_precision=np.round(random.beta(1, 3, 4000), 3),
        first_hit=first,
        item=np.repeat(np.arange(1000), 4),
    )
    record = tmp_path / "full-seed0.json"
    query_files.write(found, record, tmp_path, "garments")
    assert query_files.path_of(record).stat().st_size < 3 * 4000


def test_damaged_items_are_refused(tmp_path):
    record = tmp_path / "full-seed0.json"
    kept = query_files.write(some(), record, tmp_path, "shoes")
    np.savez_compressed(tmp_path / kept["queries"], item=np.zeros(6), family=np.zeros(6))
    with pytest.raises(ResultsError, match="is damaged"):
        query_files.read(kept, record, tmp_path)
