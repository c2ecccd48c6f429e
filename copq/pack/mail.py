"""A pack as a mail, and its sending by SMTP."""

import smtplib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import NamedTuple

from copq.figures.pack import PackAnswer
from copq.pack.contents import contents, creation_date
from copq.pack.due import Due
from copq.pack.files import KINDS
from copq.pack.schedule import Mail
from copq.periods.period import month_name

MOST_OF_A_SUBJECT = 120
_CLOSED = (421, b"not sent, the server closed the connection")


class Refusal(NamedTuple):
    """Why a server refused a recipient: the code of RFC 5321, and its words."""

    code: int
    text: str

    @property
    def is_final(self) -> bool:
        """Whether another attempt would be refused, too."""
        return self.code >= 500


def mail_of(answer: PackAnswer, due: Due, mail: Mail, files: Mapping[str, bytes]) -> EmailMessage:
    """The mail with the files, by their names. The same pack has the same id: a server that gets
    it twice, since a service died while it sent, can tell."""
    shown = contents(answer)
    message = EmailMessage()
    message["From"], message["To"] = mail.sender, ", ".join(due.delivery.to)
    mark = "" if shown["is_signed"] else " (provisional)"
    subject = f"Cost of poor quality: {due.plant}, {shown['month']}{mark}"
    message["Subject"] = subject[:MOST_OF_A_SUBJECT]
    message["Date"] = format_datetime(creation_date(answer))
    message["Message-ID"] = f"<copq-pack.{_id(due)}@{mail.sender.rpartition('@')[2]}>"
    message.set_content(_text(answer, shown))
    for name, content in files.items():
        kind = KINDS[name.rpartition(".")[2]]
        main, _, sub = kind.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message


def _id(due: Due) -> str:
    return sha256("\n".join(map(str, due.key)).encode()).hexdigest()[:32]


def _text(answer: PackAnswer, shown: dict[str, object]) -> str:
    pages = [f"{page['heading']}\n  {page['message']}" for page in shown["pages"]]  # type: ignore[attr-defined]
    head = f"{answer.query.plant}, {month_name(answer.query.month)}: {answer.status}"
    return "\n\n".join([head, *pages]) + "\n"


def send(message: EmailMessage, mail: Mail, to: Sequence[str]) -> dict[str, Refusal]:
    """Send to these recipients by SMTP, encrypted unless the server is on this machine.

    The answer has those whom the server refused; it has taken the mail for the others. Raises
    `smtplib.SMTPException`, `OSError`, or `ScheduleError` on a missing secret.
    """
    password = mail.password()
    server = _connected(mail)
    try:
        if mail.username is not None and password is not None:
            server.login(mail.username, password)
        try:
            refused = server.send_message(message, to_addrs=to)
        except smtplib.SMTPRecipientsRefused as error:
            # Nobody has the mail: either all were refused, or the server closed before the others.
            refused = {who: error.recipients.get(who, _CLOSED) for who in to}
        with suppress(smtplib.SMTPException, OSError):
            server.quit()  # the mail is on its way, whatever the server says to this
    finally:
        server.close()
    return {
        who: Refusal(code, text.decode(errors="replace") if isinstance(text, bytes) else text)
        for who, (code, text) in refused.items()
    }


def _connected(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        return smtplib.SMTP_SSL(
            mail.host, mail.reached_at, timeout=mail.timeout_seconds, context=mail.tls()
        )
    server = smtplib.SMTP(mail.host, mail.reached_at, timeout=mail.timeout_seconds)
    if mail.security == "starttls":
        try:
            server.starttls(context=mail.tls())
        except BaseException:
            server.close()
            raise
    return server
