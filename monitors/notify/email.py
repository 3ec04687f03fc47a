"""Messages by e-mail: SMTP with STARTTLS, with TLS from the first byte, or in the clear."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from monitors.notify.messages import Message
from provisioner.config import Smtp

SUBJECT_MAX = 200


def send_email(
    smtp: Smtp,
    to: Iterable[str],
    message: Message,
    at: datetime,
    tls: ssl.SSLContext | None = None,
) -> str:
    """Send a message to all recipients; returns why it was not sent, or an empty text.

    The Message-ID is made from the message's key, so that a mail program which got it twice can
    tell. A server that takes it for some of the recipients has taken it.

    Args:
        smtp: the mail server.
        to: addresses.
        message: what to say.
        at: naive UTC.
        tls: whom to trust; None: the certificate authorities of this system.
    """
    if not smtp.host:
        return "no mail server is configured (smtp.host)"
    mail = mail_of(smtp.sender, to, message, at)
    context = tls or ssl.create_default_context()
    try:
        with _connected(smtp, context) as server:
            if smtp.security == "starttls":
                server.starttls(context=context)  # fails when the server does not offer it
            if smtp.username:
                server.login(smtp.username, smtp.password.get_secret_value())
            server.send_message(mail)
    except smtplib.SMTPResponseException as problem:
        return f"{smtp.host}: {problem.smtp_code} {_text(problem.smtp_error)}"
    except smtplib.SMTPRecipientsRefused as problem:
        code, reason = next(iter(problem.recipients.values()))
        return f"{smtp.host}: {code} {_text(reason)}"
    except (OSError, smtplib.SMTPException, ValueError) as problem:
        return f"{smtp.host}:{smtp.port}: {problem}"
    return ""


def mail_of(sender: str, to: Iterable[str], message: Message, at: datetime) -> EmailMessage:
    """Return the mail: the line as subject and as first line of the text."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Subject"] = message.line[:SUBJECT_MAX]
    mail["Date"] = format_datetime(at.replace(tzinfo=UTC))
    domain = sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{message.key.replace(' ', '.')}.{message.site}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content("\n".join((message.line, "", *message.more)).rstrip() + "\n")
    return mail


def _connected(smtp: Smtp, context: ssl.SSLContext) -> smtplib.SMTP:
    if smtp.security == "tls":
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=smtp.timeout_s, context=context)
    return smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout_s)


def _text(reason: bytes | str) -> str:
    text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
    return " ".join(text.split())
