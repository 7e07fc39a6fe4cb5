"""What each service counts, for Prometheus at /metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

registry = CollectorRegistry()

requests = Counter("cafe_requests_total", "Requests answered.", ["method", "route", "status"], registry=registry)
request_seconds = Histogram("cafe_request_seconds", "Time to an answer.", ["route"], registry=registry)
sockets = Gauge("cafe_live_connections", "Open live streams.", ["stream"], registry=registry)
changes = Counter("cafe_changes_total", "Changes applied to the board.", registry=registry)
commit_to_send = Histogram(
    "cafe_commit_to_send_seconds",
    "From the commit of a change to its being sent to the screens.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
    registry=registry,
)
gaps = Counter("cafe_gaps_total", "Times the notifications left a gap that was read from the log.", registry=registry)
resumes = Counter("cafe_resumes_total", "Streams taken up again where they were left.", registry=registry)
resyncs = Counter("cafe_resyncs_total", "Boards read afresh.", registry=registry)
laggards = Counter("cafe_laggards_total", "Clients let go because they read too slowly.", registry=registry)
turned_away = Counter("cafe_turned_away_total", "Live connections refused for want of room.", registry=registry)
hostile = Counter(
    "cafe_hostile_total", "Websocket clients cut off for what they sent, by close code.", ["code"], registry=registry
)


def exposition() -> bytes:
    """Everything counted, in Prometheus' text format."""
    return generate_latest(registry)
