"""Writes a sale and its refund to Kafka as any program may, and asks the command API what became of them.

    pip install -r requirements.txt
    KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 \
        SALES_COMMANDS_URL=http://127.0.0.1:4001 python3 record_sale.py sale-4711
"""

import io
import json
import os
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone

import fastavro
from confluent_kafka import Producer

NAMESPACE = os.environ.get("SALES_NAMESPACE", "sales")
BROKERS = os.environ.get("KAFKA_BROKERS", "127.0.0.1:9092")
REGISTRY = os.environ.get("SCHEMA_REGISTRY_URL", "http://127.0.0.1:8081")
COMMAND_API = os.environ.get("SALES_COMMANDS_URL", "http://127.0.0.1:4001")
API_KEY = os.environ.get("SALES_API_KEY")
TOPIC = f"{NAMESPACE}.commands"

# librdkafka's own default, CRC32, puts nine in ten keys into another partition: those commands are refused.
producer = Producer({"bootstrap.servers": BROKERS, "partitioner": "murmur2_random", "acks": "all"})


def get_json(url, headers=None):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=30) as response:
        return json.load(response)


def encode(command_type, command):
    """Confluent wire format: magic byte 0, the schema's id, Avro."""
    subject = urllib.parse.quote(f"{TOPIC}-sales.commands.{command_type}", safe="")
    latest = get_json(f"{REGISTRY}/subjects/{subject}/versions/latest")
    bytes_ = io.BytesIO()
    bytes_.write(struct.pack(">bI", 0, latest["id"]))
    fastavro.schemaless_writer(bytes_, fastavro.parse_schema(json.loads(latest["schema"])), command)
    return bytes_.getvalue()


def send(command_type, command):
    """Resolves when the command is in the log; the log keeps it from then on."""
    failures = []
    producer.produce(
        TOPIC,
        key=command["saleId"],
        value=encode(command_type, command),
        on_delivery=lambda error, _: failures.append(error) if error else None,
    )
    producer.flush()
    if failures:
        raise RuntimeError(f"{command_type} was not written, or nobody knows: send the same again. {failures[0]}")


def outcome_of(command_id, within_seconds=30):
    """What the log says about the command; it shows within a second of being decided."""
    url = f"{COMMAND_API}/commands/{urllib.parse.quote(command_id, safe='')}"
    headers = {"authorization": f"Bearer {API_KEY}"} if API_KEY else {}
    deadline = time.monotonic() + within_seconds
    while True:
        try:
            return get_json(url, headers)
        except urllib.error.HTTPError as error:
            if error.code not in (404, 429, 503) or time.monotonic() > deadline:
                raise
        time.sleep(0.1)


sale_id = sys.argv[1] if len(sys.argv) > 1 else f"sale-{time.time_ns()}"
sale = {
    "commandId": sale_id,
    "replyTo": None,
    "saleId": sale_id,
    "occurredAt": datetime(2026, 1, 31, 9, 30, tzinfo=timezone.utc),
    "currency": "GBP",
    "channel": "online",
    "country": "GB",
    "customerId": None,
    # Amounts are minor units; a unit price is in millionths of the currency unit: this is 2.55 GBP.
    "lines": [
        {
            "lineId": "1",
            "productId": "mug",
            "productName": "Mug",
            "category": "Kitchen",
            "quantity": 3,
            "unitPrice": 2_550_000,
            "discount": 0,
        }
    ],
    "shipping": 0,
    "tax": 0,
    "payments": [{"method": "card", "amount": 765}],
}
refund = {
    "commandId": f"refund:{sale_id}:1",
    "replyTo": None,
    "saleId": sale_id,
    "refundId": "1",
    "occurredAt": datetime(2026, 2, 3, 16, 0, tzinfo=timezone.utc),
    "whole": False,
    "lines": [{"lineId": "1", "quantity": 1}],
    "amount": None,
    "shipping": 0,
    "tax": 0,
    "payments": None,
}

for command_type, command in (("RecordSale", sale), ("RefundSale", refund)):
    send(command_type, command)
    print(json.dumps(outcome_of(command["commandId"])))
