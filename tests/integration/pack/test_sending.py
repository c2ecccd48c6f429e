"""Packs by schedule: once for each plant and month, by a real mail server and into a folder."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from copq.database.connections import DatabaseRole, act_as
from copq.pack import metrics, sending
from copq.pack.schedule import Schedule, read_schedule
from copq.pack.sending import send_due
from copq.rates.store import load
from tests.support.building import book, defect, post_events, production, store_rates
from tests.support.kafka.settings import free_ports
from tests.support.pack import sign
from tests.support.patience import PATIENCE_S

NOW = datetime(2026, 7, 6, 12, tzinfo=UTC)


class _Inbox:
    """What the server has taken; it refuses everything while `is_full`."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.took: list[list[str]] = []
        self.is_full = False
        self.refuses: dict[str, str] = {}
        self.waits_s = 0.0
        self.is_asked = False
        self.parts_with = "221 bye"

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        return self.parts_with

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        assert session.ssl is not None, "packs are sent encrypted"
        if self.is_full:
            return "452 the mailbox is full"
        self.is_asked = True
        await asyncio.sleep(self.waits_s)
        self.mails.append(message_from_bytes(envelope.content))
        self.took.append(envelope.rcpt_tos)
        return "250 taken"


def _sign_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"copq", b"secret")
    return AuthResult(success=known)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[tuple[_Inbox, Controller]]:
    """A server with STARTTLS and sign-in, and the authority of its certificate in ca.pem."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    handler, [port] = _Inbox(), free_ports(1)
    server = Controller(
        handler, hostname="127.0.0.1", port=port, server_hostname="localhost", tls_context=context,
        require_starttls=True, auth_required=True, authenticator=_sign_in,
    )  # fmt: skip
    server.start()
    yield handler, server
    server.stop()


def schedule(folder: Path, server: Controller) -> Schedule:
    (folder / "secret").write_text("secret\n")
    (folder / "packs.yaml").write_text(
        "packs:\n"
        "  - {name: review, day: 5, to: [q@example.com, f@example.com], folder: out}\n"
        f"mail: {{host: localhost, port: {server.port}, from: copq@example.com, username: copq,\n"
        "       password_file: secret, ca_file: ca.pem}\n"
    )
    return read_schedule(folder / "packs.yaml")


@pytest.fixture
async def filled(conn: asyncpg.Connection) -> asyncpg.Connection:
    """A plant with a month, on a connection that sends packs."""
    await store_rates(conn, book())
    events = [production("p", "2026-06-05T10:00:00Z"), defect("d", "2026-06-05T11:00:00Z", 2)]
    await post_events(conn, await load(conn), events)
    await act_as(conn, DatabaseRole.PACK)
    return conn


async def test_a_pack_is_mailed_and_put_into_a_folder_once(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    handler, server = inbox
    found, rates = schedule(tmp_path, server), await load(filled)
    assert await send_due(filled, rates, found, datetime(2026, 7, 5, 3, tzinfo=UTC)) == 0
    handler.is_full = True
    assert await send_due(filled, rates, found, NOW) == 1, "the folder does not wait for the mail"
    assert metrics.WAITING._value.get() == 1
    row = await filled.fetchrow("select * from copq.pack_sent where way = 'mail'")
    assert row is not None and "452" in row["fault"] and row["sent_at"] is None
    handler.is_full = False
    assert await send_due(filled, rates, found, NOW) == 0, "it is tried again after a minute"
    await filled.execute("update copq.pack_sent set claimed_until = now() where sent_at is null")
    assert await send_due(filled, rates, found, NOW) == 1
    assert await send_due(filled, rates, found, NOW) == 0, "nothing is sent twice"
    [mail] = handler.mails
    assert mail["To"] == "q@example.com, f@example.com"
    assert mail["Subject"] == "Cost of poor quality: north, June 2026 (provisional)"
    assert mail["Message-ID"].endswith("@example.com>")
    names = ["copq-pack-north-2026-06.pdf", "copq-pack-north-2026-06.xlsx"]
    files = {part.get_filename(): part.get_payload(decode=True) for part in mail.walk()}
    assert sorted(name for name in files if name) == names
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == names
    assert files[names[0]] == (tmp_path / "out" / names[0]).read_bytes()
    assert metrics.WAITING._value.get() == 0


async def test_of_two_services_one_sends(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    """A pack that somebody else has claimed is theirs until the claim runs out."""
    handler, server = inbox
    found, rates = schedule(tmp_path, server), await load(filled)
    await filled.execute(
        "insert into copq.pack_sent (delivery, plant, month, way, claimed_until) "
        "values ('review', 'north', '2026-06-01', 'mail', now() + interval '1 minute')"
    )
    assert await send_due(filled, rates, found, NOW) == 1
    assert not handler.mails
    await filled.execute("update copq.pack_sent set claimed_until = now() where sent_at is null")
    assert await send_due(filled, rates, found, NOW) == 1 and len(handler.mails) == 1


async def test_only_signed_months_are_sent_where_the_schedule_says_so(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    _, server = inbox
    found = schedule(tmp_path, server)
    [delivery] = found.packs
    signed = delivery.model_copy(update={"signed_only": True, "to": ()})
    waiting = found.model_copy(update={"packs": (signed,)})
    assert await send_due(filled, await load(filled), waiting, NOW) == 0
    assert metrics.WAITING._value.get() == 0, "a month that is not signed is not late"


async def test_recipients_refused_for_now_are_tried_again_alone(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    handler, server = inbox
    found, rates = schedule(tmp_path, server), await load(filled)
    handler.refuses = {"f@example.com": "450 come again"}
    await send_due(filled, rates, found, NOW)
    row = await filled.fetchrow("select * from copq.pack_sent where way = 'mail'")
    assert row is not None and row["sent_at"] is None and row["sent_to"] == "q@example.com"
    assert row["fault"] == "f@example.com: 450 come again"
    handler.refuses = {}
    await _let_try_again(filled)
    assert await send_due(filled, rates, found, NOW) == 1
    assert handler.took == [["q@example.com"], ["f@example.com"]]
    assert {mail["To"] for mail in handler.mails} == {"q@example.com, f@example.com"}


async def test_a_server_that_closes_before_the_mail_has_served_nobody(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    handler, server = inbox
    found, rates = schedule(tmp_path, server), await load(filled)
    handler.refuses = {"f@example.com": "421 too many at once"}
    await send_due(filled, rates, found, NOW)
    row = await filled.fetchrow("select * from copq.pack_sent where way = 'mail'")
    assert row is not None and row["sent_to"] is None and not handler.mails
    handler.refuses = {}
    await _let_try_again(filled)
    assert await send_due(filled, rates, found, NOW) == 1
    assert handler.took == [["q@example.com", "f@example.com"]]


async def test_a_server_that_parts_rudely_has_the_mail(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    handler, server = inbox
    handler.parts_with = "421 go away"
    found, rates = schedule(tmp_path, server), await load(filled)
    assert await send_due(filled, rates, found, NOW) == 2
    await _let_try_again(filled)
    assert await send_due(filled, rates, found, NOW) == 0 and len(handler.mails) == 1


async def test_a_recipient_refused_for_good_holds_up_nobody(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    handler, server = inbox
    found, rates = schedule(tmp_path, server), await load(filled)
    handler.refuses = {"f@example.com": "550 unknown"}
    assert await send_due(filled, rates, found, NOW) == 2
    row = await filled.fetchrow("select * from copq.pack_sent where way = 'mail'")
    assert row is not None and row["sent_to"] == "q@example.com" and "550" in row["fault"]
    await _let_try_again(filled)
    assert await send_due(filled, rates, found, NOW) == 0 and len(handler.mails) == 1


async def _let_try_again(conn: asyncpg.Connection) -> None:
    await conn.execute("update copq.pack_sent set claimed_until = now() where sent_at is null")


async def test_a_pack_that_waits_for_its_signature_is_sent_in_a_later_month(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    found, rates = schedule(tmp_path, inbox[1]), await load(filled)
    [delivery] = found.packs
    signed = delivery.model_copy(update={"signed_only": True, "to": ()})
    waiting = found.model_copy(update={"packs": (signed,)})
    assert await send_due(filled, rates, waiting, NOW) == 0
    await filled.execute("reset role")
    await sign(filled, "north", date(2026, 6, 1))
    await act_as(filled, DatabaseRole.PACK)
    later = datetime(2026, 9, 20, 12, tzinfo=UTC)
    assert await send_due(filled, rates, waiting, later) == 1
    rows = await filled.fetch("select month, sent_at is null as waits from copq.pack_sent")
    assert [(f"{row['month']:%Y-%m}", row["waits"]) for row in rows] == [
        ("2026-08", True), ("2026-06", False),
    ]  # fmt: skip


async def test_a_pack_that_cannot_be_made_ends_nothing_and_is_tried_again(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    found, rates = schedule(tmp_path, inbox[1]), await load(filled)

    def broken(*_: Any) -> bytes:
        raise RuntimeError("a font is broken")

    with monkeypatch.context() as patch:
        patch.setattr(sending, "pack_file", broken)
        assert await send_due(filled, rates, found, NOW) == 0
    rows = await filled.fetch("select fault from copq.pack_sent")
    assert [row["fault"] for row in rows] == ["a font is broken"] * 2
    await _let_try_again(filled)
    assert await send_due(filled, rates, found, NOW) == 2


async def test_a_service_that_stops_while_it_sends_sends_nothing_twice(
    filled: asyncpg.Connection, inbox: tuple[_Inbox, Controller], tmp_path: Path
) -> None:
    handler, server = inbox
    found, rates = schedule(tmp_path, server), await load(filled)
    handler.waits_s = 0.5
    stopping = asyncio.create_task(send_due(filled, rates, found, NOW))
    async with asyncio.timeout(PATIENCE_S):
        while not handler.is_asked:
            await asyncio.sleep(0.02)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    await _let_try_again(filled)
    await send_due(filled, rates, found, NOW)
    assert len(handler.mails) == 1


async def test_a_service_that_sends_packs_writes_nothing_else(filled: asyncpg.Connection) -> None:
    for sql in ("delete from copq.pack_sent", "update copq.ledger set reason = ''"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await filled.execute(sql)
