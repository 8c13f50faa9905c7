"""What the studio's server refuses, and what it documents."""

import http.client
import json
import socket
from pathlib import Path

import pytest
from studios import NADIR, studio, write_tour


def raw(client, request):
    host, port = client.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return int(answer.split()[1]), answer


HOSTILE_PATHS = """
    /static/../studio/app.py  /static/..%2f..%2fpyproject.toml  /static/%2e%2e/viewer.js  /static//etc/passwd
    /static/viewer.html  /static/studio.html%00.js  /static/  /..  /etc/passwd  /%ff%fe  /static/engine.js/
    /api/scenes/-1  /api/scenes/99  /api/scenes/1e3  /api/scenes/0/pictures/../mask  /api/scenes/0x0
    /api/scenes/0/pictures/secret  /api/scenes/99999999999999999999999  /api/scenes/%2e%2e/thumbnail
    /api/tasks/0  /api/scenes/0/pictures/result  /api/scenes/..%5c..%5c0/mask  /api/  /.pano-inpaint/lock
""".split()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One studio for all requests that must change nothing."""
    with studio(write_tour(tmp_path_factory.mktemp("shared"))) as client:
        yield client
        assert [scene["revision"] for scene in client.get("tour")[1]["scenes"]] == [0, 0]
        assert client.get("tasks") == (200, [])


def request(method, path, **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_hostile_paths_are_refused(shared, path):
    status, answer = raw(shared, request("GET", path, Host="localhost"))
    assert status in (400, 404, 409, 422), answer
    assert b"pano_inpaint" not in answer
    assert b"root:" not in answer


STRANGERS = {
    "another name for this machine": {"Host": "evil.example"},
    "another name with our port": {"Host": "evil.example:{port}"},
    "a name like ours": {"Host": "localhost.evil.example"},
    "no name": {"Host": ""},
    "a foreign page": {"Host": "127.0.0.1:{port}", "Origin": "http://evil.example"},
    "a page of another port": {"Host": "127.0.0.1:{port}", "Origin": "http://127.0.0.1:1"},
    "a page without an origin": {"Host": "127.0.0.1:{port}", "Origin": "null"},
    "a picture in a foreign page": {"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"},
    "a page of this machine's other servers": {"Host": "127.0.0.1:{port}", "Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("path", ["/", "/api/tour", "/v1/models/panorama"])
def test_strangers_are_refused(shared, stranger, path):
    port = shared.url.rpartition(":")[2]
    headers = {name: value.format(port=port) for name, value in STRANGERS[stranger].items()}
    for method in ("GET", "POST"):
        status, answer = raw(shared, request(method, path, **headers))
        assert status == 403, answer


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "studio.localhost", "192.168.7.9"])
def test_our_own_names_are_let_in(shared, name):
    headers = {"Host": f"{name}:8000", "Origin": f"http://{name}:8000", "Sec_Fetch_Site": "same-origin"}
    assert raw(shared, request("GET", "/api/tour", **headers))[0] == 200


MARK = b'{"revision": 0, "keep": 0, "shown": 1, "add": [%s]}'
STROKE = MARK % b'{"kind": "stroke", "points": %s}'
BODIES = {
    "not JSON": b"{",
    "a list": b"[]",
    "nothing": b"",
    "no mark": MARK % b"{}",
    "not a number": STROKE % b"[[NaN, 0, 1]]",
    "infinite": STROKE % b"[[1e999, 0, 1]]",
    "too wide": STROKE % b"[[0, 0, 180]]",
    "over the pole": STROKE % b"[[0, 91, 1]]",
    "no points": STROKE % b"[]",
    "a text": STROKE % b'"0,0,1"',
    "another kind": MARK % b'{"kind": "script"}',
    "one too many": MARK % b'{"kind": "clear", "x": 1}',
    "surrogates": MARK % b'{"kind": "\\ud800"}',
    "negative": b'{"revision": 0, "keep": -1, "shown": 0}',
    "more shown than there": b'{"revision": 0, "keep": 0, "shown": 3}',
    "nested": b"[" * 100_000,
    "huge number": b'{"revision": ' + b"9" * 5000 + b', "keep": 0, "shown": 0}',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("route", ["PUT scenes/0/marks", "POST tasks", "POST save"])
def test_bodies_that_make_no_sense_are_refused(shared, body, route):
    method, path = route.split()
    status, answer = shared.send(path, BODIES[body], method)
    assert status in (400, 409, 422), answer


def test_bodies_of_other_kinds_and_sizes_are_refused(shared):
    body = b'{"revision": 0, "keep": 0, "shown": 0}'
    for kind in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    ):
        assert shared.send("scenes/0/marks", body, "PUT", **{"Content-Type": kind})[0] == 415
    assert shared.send("scenes/0/marks", b" " * (2**23 + 1), "PUT")[0] == 413
    assert shared.get("tour")[0] == 200


def test_the_page_may_load_nothing_from_elsewhere(shared):
    connection = http.client.HTTPConnection(shared.url.removeprefix("http://"))
    connection.request("GET", "/")
    response = connection.getresponse()
    page = response.read().decode()
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert "http:" not in page
    connection.close()


def test_names_in_paths_are_only_text(tmp_path):
    name = "</script><b>&\"' é.png"[:40].replace("/", "⁄")
    write_tour(tmp_path, (name,))
    with studio(tmp_path) as client:
        (scene,) = client.get("tour")[1]["scenes"]
        assert scene["name"] == name.removesuffix(".png")
        client.mark(0, NADIR)
        client.erase(0)
        client.ok("scenes/0/accept")
        (saved,) = client.ok("save", {"scenes": [0]})["saved"]
        assert Path(saved["picture"]).parent == tmp_path


def test_client_is_the_documented_protocol(shared):
    """OpenAPI tells of every route that the page uses."""
    paths = json.loads(shared.bytes("openapi.json"))["paths"]
    assert {"/api/tour", "/api/tasks/{number}", "/api/scenes/{number}/marks", "/api/save"} <= set(paths)


def test_every_route_documents_its_errors(shared):
    documented = json.loads(shared.bytes("openapi.json"))["paths"]
    routes = [route for path in documented.values() for route in path.values()]
    assert len(routes) == 24
    for route in routes:
        assert {"4XX", "5XX"} <= route["responses"].keys()
        assert "422" not in route["responses"]  # its form would be another
