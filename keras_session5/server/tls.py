"""Certificates and keys for encrypted connections: TensorFlow Serving's `SSLConfig`."""

import os
import ssl
import tempfile
from dataclasses import dataclass, field

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.text_protos import SSLConfigProto, read_text_proto


@dataclass(frozen=True)
class TlsConfig:
    """The certificates of a server and of its clients' authorities, as the contents of PEM files.

    Attributes:
        server_key: the server's private key.
        server_cert: the server's certificate, followed by those of its issuers.
        custom_ca: the certificates of the authorities that may sign clients' certificates.
        client_verify: whether a client must have such a certificate.

    Raises:
        InvalidArgumentError: the contents are not valid.
    """

    server_key: str = field(repr=False)
    server_cert: str = field(repr=False)
    custom_ca: str = field(default="", repr=False)
    client_verify: bool = False

    def __post_init__(self) -> None:
        if self.client_verify and not self.custom_ca:
            raise InvalidArgumentError("client_verify needs custom_ca: the certificates that verify clients.")
        self.context()

    def context(self) -> ssl.SSLContext:
        """Returns the context for Python's own servers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # Python reads the key only from a file. This one is readable by its owner alone and soon deleted.
            with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
                file.write(f"{self.server_key.rstrip()}\n{self.server_cert}")
                file.flush()
                context.load_cert_chain(file.name, password=_refuse_password)
            if self.custom_ca:
                context.load_verify_locations(cadata=self.custom_ca)
        except (ssl.SSLError, ValueError) as error:
            raise InvalidArgumentError(
                "server_key, server_cert and custom_ca must be the contents of PEM files, and the key the"
                f" certificate's, without a password. Received: {error}"
            ) from error
        if self.client_verify:
            context.verify_mode = ssl.CERT_REQUIRED
        return context


def read_tls(path: str | os.PathLike[str]) -> TlsConfig:
    """Reads a file with an `SSLConfig` message in text form.

    Raises:
        NotFoundError: there is no such file.
        InvalidArgumentError: the file does not parse, or its contents are not PEM.
    """
    message = read_text_proto(path, SSLConfigProto())
    return TlsConfig(message.server_key, message.server_cert, message.custom_ca, message.client_verify)


def _refuse_password() -> str:
    # Otherwise OpenSSL would prompt at the terminal.
    raise ValueError("a key that is protected by a password")
