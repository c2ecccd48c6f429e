"""The options of an HTTP service's address and TLS, and the check that they are safe."""

from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext, SSLError
from typing import Annotated

import typer

from copq.command_line.terminal import fail
from copq.process.loopback import is_loopback
from copq.process.system_errors import plainly
from copq.web.serving import Tls

NoAuthOption = Annotated[
    bool, typer.Option("--no-auth", help="Take requests without a token, from anybody.")
]
LAST_PORT = 65_535
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(min=1, max=LAST_PORT, help="Port to listen on.")]
MetricsOption = Annotated[
    int,
    typer.Option(
        envvar="METRICS_PORT",
        min=0,
        max=LAST_PORT,
        help="Port for /metrics, /healthz, /readyz; 0: none.",
    ),
]
MetricsHostOption = Annotated[
    str,
    typer.Option(
        envvar="METRICS_HOST",
        help="Address that --metrics-port listens on. It asks for no token: let only Prometheus "
        "reach it.",
    ),
]
LOOPBACK = "127.0.0.1"
CertOption = Annotated[
    Path | None, typer.Option("--tls-cert", help="Certificate with its chain (PEM), for HTTPS.")
]
KeyOption = Annotated[Path | None, typer.Option("--tls-key", help="Its private key (PEM).")]


def tls_of(host: str, certificate: Path | None, key: Path | None, plaintext: bool) -> Tls | None:
    """The TLS files for HTTP; None for plaintext. Ends the command if tokens would be exposed."""
    if certificate and key:
        return _check_readable(Tls(certificate, key))
    if certificate or key:
        fail("--tls-cert and --tls-key belong together: give both")
    if not plaintext and not is_loopback(host):
        fail(
            f"{host} can be reached from elsewhere, and without TLS anybody on the way reads "
            "tokens and events. Give --tls-cert and --tls-key; or --plaintext, behind a proxy that "
            "ends TLS; or listen on 127.0.0.1"
        )
    return None


def _check_readable(tls: Tls) -> Tls:
    try:
        SSLContext(PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key)
    except (OSError, SSLError) as error:
        fail(f"cannot use {tls.certificate} with {tls.key}: {plainly(error)}")
    return tls
