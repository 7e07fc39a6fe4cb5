"""What the live core counts; kept once a process."""

from prometheus_client import Counter, Gauge, Histogram

from apps.kit.telemetry.metrics import Group

live = Group()

sockets = Gauge("cafe_live_connections", "Open live streams.", ["stream"], registry=live)
for _stream in ("kitchen", "display", "menu", "order", "kitchen-events", "display-events", "order-events"):
    sockets.labels(_stream)
changes = Counter("cafe_changes_total", "Changes applied to the board.", registry=live)
commit_to_send = Histogram(
    "cafe_commit_to_send_seconds",
    "From the commit of a change to its being sent to the screens.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
    registry=live,
)
fan_out = Histogram(
    "cafe_fan_out_seconds",
    "Time to hand a change to all connections that it concerns.",
    buckets=(0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1),
    registry=live,
)
snapshots = Counter("cafe_snapshots_total", "Streams begun with the whole state.", registry=live)
gaps = Counter("cafe_gaps_total", "Times the notifications left a gap that was read from the log.", registry=live)
resumes = Counter("cafe_resumes_total", "Streams taken up again where they were left.", registry=live)
resyncs = Counter("cafe_resyncs_total", "Boards read afresh.", registry=live)
laggards = Counter("cafe_laggards_total", "Clients let go because they read too slowly.", registry=live)
turned_away = Counter("cafe_turned_away_total", "Live connections refused for want of room.", registry=live)
