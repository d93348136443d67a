"""A mail server for tests: takes what it gets on loopback, by TLS where it has a certificate, and misbehaves as told."""

import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Self


@dataclass
class MailServer:
    """`answers` replaces the answer to a command (`RCPT`: "550 no"); "hang" says nothing for ten seconds, "" hangs up.

    `received` holds (recipient, message) of all that was answered with 250 after its data, `said` each command.
    """

    tls: ssl.SSLContext | None = None
    at_once: bool = False
    answers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.at_once:
                connection = self.tls.wrap_socket(connection, server_side=True)
            self.open.append(connection)
            self._converse(connection)
        except OSError:
            pass  # the client went away, or did not trust us: what was received is what counts
        finally:
            connection.close()

    def _converse(self, connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        file = connection.makefile("rb")
        recipient = ""
        while line := file.readline():
            command = line.decode().strip()
            verb = command.split(" ")[0].split(":")[0].upper()
            self.said.append(command)
            answer = self.answers.get(verb, "250 fine")
            if answer == "hang":
                time.sleep(10)
            elif not answer:
                return
            elif verb == "EHLO":
                offer = "250-STARTTLS\r\n" if self.tls and not isinstance(connection, ssl.SSLSocket) else ""
                connection.sendall(f"250-here\r\n{offer}250 AUTH PLAIN\r\n".encode())
            elif verb == "STARTTLS":
                connection.sendall(b"220 go\r\n")
                connection = self.tls.wrap_socket(connection, server_side=True)
                self.open.append(connection)
                file = connection.makefile("rb")
            elif verb == "AUTH":
                connection.sendall(b"235 welcome\r\n")
            elif verb == "DATA":
                connection.sendall(b"354 go on\r\n")
                lines = []
                while (part := file.readline()) not in (b".\r\n", b""):
                    lines.append(part)
                ended = self.answers.get(".", "250 taken")
                if ended.startswith("250"):
                    self.received.append((recipient, b"".join(lines).decode()))
                connection.sendall(f"{ended}\r\n".encode())
            else:
                recipient = command if verb == "RCPT" else recipient
                connection.sendall(f"{answer}\r\n".encode())
