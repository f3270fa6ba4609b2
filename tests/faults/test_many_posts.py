"""Many orders at once while runs work: none of them is answered with a locked database, and each makes one run."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from tests.faults.house import PATIENCE, TestHouse

pytestmark = pytest.mark.slow
NUMBER, AT_ONCE = 120, 8


def test_many_runs_are_ordered_while_others_work(standing: TestHouse) -> None:
    house = standing
    deployment = house.ask("GET", "/deployments/name/watch/watch")["id"]
    keys = [str(uuid4()) for _ in range(NUMBER)]

    def order(key: str) -> tuple[int, str]:
        body = {"parameters": {}, "idempotency_key": key}
        place = f"{house.api}/deployments/{deployment}/create_flow_run"
        answer = httpx.post(place, json=body, headers=house.headers(), trust_env=False, timeout=PATIENCE)
        return answer.status_code, str(answer.json().get("id", answer.text))

    with ThreadPoolExecutor(AT_ONCE) as many:
        answers = list(many.map(order, keys))
        again = list(many.map(order, keys[:10]))
    assert [status for status, _ in answers] == [201] * NUMBER
    made = [run for _, run in answers]
    assert len(set(made)) == NUMBER
    assert [run for _, run in again] == made[:10], "the same key is the same run"
