"""What loads are run on: one session, and batch functions whose answers are checked."""

import pytest
from sqlalchemy import Engine

import bff
from bff.engine.execution import run
from bff.errors import TryAgain
from bff.json_text import plain
from bff.plan.plan import Strategy
from tests.bff.asking import Asker
from tests.bff.engine.shops import too_few, written


def test_a_batch_function_reads_the_operations_snapshot(ask: Asker, engine: Engine) -> None:
    assert written(ask, "{ shops { itemCount } }") == {"shops": [{"itemCount": 2}, {"itemCount": 1}]}
    ask("{ shops { itemCount items { name } } }")


def test_an_answer_of_another_length_is_the_declarations_error(ask: Asker) -> None:
    result = ask.result("{ shops { name items { name } } }")
    assert result.errors is None
    for strategy in ("compiled", "rounds"):
        result = ask.run(ask.plan("{ items { name tooFew } }", strategy))
        assert {error.message for error in result.errors} == {
            f"Item.tooFew: batch function {too_few.__qualname__} was given 3 keys and returned 4 values; "
            f"it must return a sequence of one value a key, in order"
        }


def test_a_batch_function_that_fails_in_sql_leaves_all_else_right(ask: Asker) -> None:
    """Its transaction cannot be read in any more: all is answered in rounds, of another snapshot."""
    query = "{ shops { name } items { name broken } }"
    compiled, rounds = (ask.run(ask.plan(query, strategy)) for strategy in ("compiled", "rounds"))
    assert plain(compiled.data) == rounds.data
    assert [error.path for error in compiled.errors] == [error.path for error in rounds.errors]
    assert [error.path for error in compiled.errors] == [["items", i, "broken"] for i in range(3)]
    assert "division by zero" in compiled.errors[0].message


@pytest.mark.parametrize("strategy", ["compiled", "rounds"])
def test_what_is_to_be_tried_again_is_no_error_of_a_field(ask: Asker, strategy: Strategy) -> None:
    with ask.database.open(None, bff.Deadline.after(20)) as scope, pytest.raises(TryAgain, match="not now"):
        run(ask.plan("{ items { name away } }", strategy), variables=None, context=scope)
