# An echo server on Debian's python3-websockets. Options as JSON in the first argument; says over stdin and stdout
# what report.js says, and ends with stdin.

import asyncio
import json
import sys

import websockets

options = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
connections = []
sizes = {"text": {}, "binary": {}}


async def echo(socket):
    connections.append(
        {
            "path": socket.path,
            "headers": {name.lower(): value for name, value in socket.request_headers.raw_items()},
            "from": socket.remote_address[0],
            "subprotocol": socket.subprotocol or "",
            "extensions": ", ".join(extension.name for extension in socket.extensions),
            "clientName": None,
        }
    )
    try:
        async for message in socket:
            kind = "text" if isinstance(message, str) else "binary"
            sizes[kind][len(message)] = sizes[kind].get(len(message), 0) + 1
            await socket.send(message)
    except websockets.ConnectionClosed:
        pass


async def main():
    global connections, sizes
    server = await websockets.serve(
        echo,
        options.get("host", "127.0.0.1"),
        0,
        compression="deflate" if options.get("compression") else None,
        subprotocols=[options["subprotocol"]] if options.get("subprotocol") else None,
        max_size=64 * 1024 * 1024,
        # Pings of its own and their timeouts: a machine that is busy must not look like a client that is gone.
        ping_interval=None,
        backlog=4096,
    )
    print(json.dumps({"listening": server.sockets[0].getsockname()[1]}), flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(json.dumps({"connections": connections, "sizes": sizes}), flush=True)
        connections = []
        sizes = {"text": {}, "binary": {}}


asyncio.run(main())
