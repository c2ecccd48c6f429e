"""`copq up` and `copq ingest` as processes: what they refuse, TLS, and that no token is logged."""

import gzip
import json
import re
import ssl
from collections.abc import AsyncIterator
from itertools import islice
from pathlib import Path

import httpx
import pytest
import trustme

from tests.support.access.serving import bearer, run
from tests.support.faults.processes import Service, copq, until
from tests.support.faults.sender import Sender
from tests.support.kafka.settings import free_ports
from tests.support.patience import PATIENCE_S
from tests.support.programs.forked import run_copq

UNKNOWN = "copq_0123456789ab_" + "Zq9" * 14 + "x"


@pytest.fixture
async def up(database: str, tmp_path: Path) -> AsyncIterator[tuple[Service, str]]:
    """On loopback, on the test's database, and its address."""
    [port] = free_ports(1)
    service = Service(tmp_path, "up", "up", "--database", database, "--port", str(port)).start()
    await Sender(port).is_answered()
    yield service, f"http://127.0.0.1:{port}"
    print(service.tail())
    service.kill()


def token(database: str, *words: str) -> str:
    made: str = json.loads(copq("tokens", "create", *words, "--json", "--database", database))[
        "token"
    ]
    return made


async def test_no_token_is_in_any_log_metric_or_answer(
    database: str, up: tuple[Service, str]
) -> None:
    service, url = up
    good = token(database, "press-4")
    seen = ""
    async with httpx.AsyncClient(verify=False, base_url=url, trust_env=False) as client:
        for text in (good, UNKNOWN, good + "x"):
            for path in ("/form", "/v1/events/x", "/login", "/v1/events", "/nothing"):
                for said in (
                    await client.get(path, headers=bearer(text)),
                    await client.get(path, params={"token": text, "next": f"/{text}"}),
                    await client.get(path, headers={"cookie": f"copq-token={text}"}),
                    await client.post(path, headers=bearer(text), content=text),
                    await client.post(path, data={"token": text, "plant": text}),
                    await client.post(path, headers={"cookie": f"copq-token={text}"}),
                    await client.post(path, headers={"authorization": f"Basic {text}"}),
                ):
                    # Where to go after the login is what the address said; the form tells a plant.
                    if path not in ("/login", "/form"):
                        seen += said.text
    assert await service.stop() == 0
    for text in (good, UNKNOWN):
        secret = text.split("_", 2)[2]
        assert secret not in service.said() and secret not in seen
    rows = await run(database, "select * from copq.token")
    assert good.split("_", 2)[2] not in str([dict(row) for row in rows])


async def test_from_the_first_token_on_it_asks_for_one(
    database: str, up: tuple[Service, str]
) -> None:
    _, url = up
    async with httpx.AsyncClient(verify=False, base_url=url, trust_env=False) as client:
        assert (await client.get("/v1/events/x")).status_code == 404
        good = token(database, "press-4")

        async def closed() -> bool:
            return (await client.get("/v1/events/x")).status_code == 401

        await until(closed, "it asks for a token")
        assert (await client.get("/v1/events/x", headers=bearer(good))).status_code == 404
        copq("tokens", "revoke", "press-4", "--database", database)

        async def out() -> bool:
            return (await client.get("/v1/events/x", headers=bearer(good))).status_code == 401

        await until(out, "the revoked token is out", seconds=60)


async def test_https_is_served_with_the_certificate_and_the_cookie_is_secure(
    database: str, tmp_path: Path
) -> None:
    authority, [port] = trustme.CA(), free_ports(1)
    issued = authority.issue_cert("127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for pem in issued.cert_chain_pems:
        pem.write_to_path(cert, append=True)
    words = ("--database", database, "--port", str(port), "--host", "0.0.0.0")
    service = Service(
        tmp_path, "up", "up", *words, "--tls-cert", str(cert), "--tls-key", str(key)
    ).start()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    try:
        async with httpx.AsyncClient(
            base_url=f"https://127.0.0.1:{port}", verify=trust, trust_env=False
        ) as client:

            async def answers() -> bool:
                try:
                    return (await client.get("/healthz")).is_success
                except httpx.TransportError:
                    return False

            await until(answers, "it answers by HTTPS")
            assert (await client.get("/v1/events/x")).status_code == 401
            said = await client.post("/login", data={"token": token(database, "desk")})
            assert "secure" in said.headers["set-cookie"].lower()
        assert await service.stop() == 0
    finally:
        service.kill()


def refusal(*words: str) -> str:
    done = run_copq(*words, timeout=PATIENCE_S)
    assert done.returncode == 2, done.stdout + done.stderr
    return re.sub(r"\s+", " ", done.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("up", "--host", "0.0.0.0"), "--plaintext, behind a proxy"),
        (("up", "--host", "::"), "listen on 127.0.0.1"),
        (("up", "--host", "plant.example"), "--tls-cert and --tls-key"),
        (("up", "--tls-cert", "cert.pem"), "give both"),
        (("up", "--tls-cert", "no.pem", "--tls-key", "no.pem"), "cannot use no.pem"),
        (("ingest", "--kafka", "127.0.0.1:1"), "--no-auth"),
        (("ingest", "--kafka", "127.0.0.1:1", "--no-auth", "--host", "0.0.0.0"), "without TLS"),
    ],
)
def test_what_is_insecure_starts_by_name_alone(words: tuple[str, ...], said: str) -> None:
    assert said in refusal(*words)


def test_an_import_does_not_send_its_token_in_the_clear(tmp_path: Path) -> None:
    plant, file = Path(__file__).parents[3] / "examples/bottling_plant", tmp_path / "x.csv"
    with gzip.open(plant / "mes.csv.gz", "rt") as log:
        file.write_text("".join(islice(log, 20)))
    words = ("import", str(file), "--mapping", str(plant / "mapping.yaml"), "--to")
    told = refusal(*words, "http://plant.example:8080", "--token", UNKNOWN)
    assert "is not encrypted" in told and UNKNOWN not in told
