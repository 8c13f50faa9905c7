"""Keeping other sites out of a server on this machine, and requests small.

A page anywhere on the web can send requests to 127.0.0.1, and with a name that it lets point there (DNS
rebinding) it could even read the answers. Browsers tell the truth in the headers Host, Origin and
Sec-Fetch-Site, so those decide; programs such as curl send none of the latter two, and are let in.
"""

import ipaddress
import json
import socket

MAX_BODY = 2**23  # bytes of a request to the studio; 20,000 records have about 500,000
_PAGE_PATHS = ("/v1/", "/openapi.json")  # what the REST protocol serves has limits of its own
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")


class Guard:
    """ASGI middleware that refuses what no page of ours and no local program sends.

    Parameters
    ----------
    app : ASGI application
    host : str
        Name that the server was told to listen on.
    """

    def __init__(self, app, host="127.0.0.1"):
        self._app = app
        self._names = {"localhost", host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope, receive, send):
        """Serve a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = self._refusal(scope, headers)
        if refusal is None and not scope["path"].startswith(_PAGE_PATHS) and scope["method"] in _CHANGING:
            receive, refusal = await _bounded(headers, receive)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._app(scope, receive, send)

    def _refusal(self, scope, headers):
        """Return status and reason of a refusal, or None."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 403, f"expected a request to this machine's own name or address, received {host[:80]!r}"
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{host}".lower():
            return 403, f"expected a request of the studio's own page, received one of {origin[:80]!r}"
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return 403, "expected a request of the studio's own page, received one of another site"
        return None

    def _is_ours(self, host):
        """Tell whether a Host header is an address or our own name: no other site can have those."""
        name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
        if port and not port.isdecimal():
            return False
        name = name.lower().rstrip(".")
        if name in self._names or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return True


async def _bounded(headers, receive):
    """Read a body up to the limit; returns what gives it out again, and a refusal or None."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            return receive, (413, f"expected a request of at most {MAX_BODY} bytes, received more")
        if not message.get("more_body"):
            break
    if body and kind != "application/json":  # the other kinds can be sent by any site's form
        return receive, (415, f"expected application/json, received {kind[:80]!r}")
    pending = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again():
        return pending.pop() if pending else await receive()

    return again, None


async def _refuse(send, status, reason):
    content = json.dumps({"error": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
