"""A chat in the terminal, on the official Python SDK. Started by ops/chat, which brings the SDK."""

import argparse
import asyncio
import ssl
import subprocess
import sys
from pathlib import Path

from centrifuge import CentrifugeError, Client, ClientEventHandler, SubscriptionEventHandler

ROOT = Path(__file__).resolve().parents[1]


def arguments():
    parser = argparse.ArgumentParser(prog="ops/chat", description="Chat over the relay that ops/run has started.")
    parser.add_argument("--user", required=True, help="who you are")
    parser.add_argument("--channel", default="chat:lobby")
    parser.add_argument("--url", default="wss://localhost:8443/connection/websocket")
    parser.add_argument("--ca", type=Path, default=ROOT / ".dev/certs/ca.pem")
    parser.add_argument("--config", type=Path, default=ROOT / "ops/belfry.dev.yaml")
    return parser.parse_args()


def make_token(options):
    belfry = ROOT / ".build/release/belfry"
    if not belfry.exists():
        sys.exit("there is no relay yet: start one with ops/run")
    command = [belfry, "token", "--config", options.config, "--user", options.user, "--ttl", "1h"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(ran.stderr.strip())
    return ran.stdout.strip()


def safe(text):
    """Others write this: no control characters on our terminal."""
    return "".join(character if character.isprintable() else "�" for character in str(text))


class Connection(ClientEventHandler):
    async def on_connecting(self, context):
        if context.code:
            print(f"* connection lost ({context.code} {context.reason}), trying again")

    async def on_disconnected(self, context):
        if context.code:
            print(f"* the relay closed: {context.code} {context.reason}")

    async def on_error(self, context):
        print(f"* {context.error}")


class Room(SubscriptionEventHandler):
    async def on_subscribed(self, context):
        print(f"* you are in {context.channel}: write, or end with Ctrl-D")

    async def on_unsubscribed(self, context):
        print(f"* you may not be in here: {context.code} {context.reason}")

    async def on_publication(self, context):
        data, info = context.pub.data, context.pub.info
        print(f"{safe(info.user) if info else 'relay'}: {safe(data.get('text', data) if isinstance(data, dict) else data)}")

    async def on_join(self, context):
        print(f"* {safe(context.info.user)} came")

    async def on_leave(self, context):
        print(f"* {safe(context.info.user)} left")


async def main(options):
    async def fresh():
        return make_token(options)

    client = Client(
        options.url, events=Connection(), get_token=fresh, proxy=None,
        ssl_context=ssl.create_default_context(cafile=options.ca))
    room = client.new_subscription(options.channel, events=Room())
    await client.connect()
    await room.subscribe()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        text = line.decode(errors="replace").strip()
        if not text:
            continue
        try:
            await room.publish(data={"text": text})
        except CentrifugeError as error:
            print(f"* not sent: {error}")
    await client.disconnect()


if __name__ == "__main__":
    try:
        asyncio.run(main(arguments()))
    except KeyboardInterrupt:
        pass
