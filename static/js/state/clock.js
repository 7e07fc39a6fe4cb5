// The server's clock as seen from here. Each message that says the server's time is late by its way to us; the least late of
// the last few is the best estimate, and half a round trip, where known, is added back. Before the first, `guess` stands in:
// what to add to our own time, by this device's clock.

const REMEMBERED = 12;

export function createClock(halfRoundTripMs = 0, guess = 0) {
  const offsets = [];
  const offset = () => (offsets.length ? Math.max(...offsets) + halfRoundTripMs : guess);
  return {
    hear(serverTime, now) {
      const at = Date.parse(serverTime);
      if (Number.isNaN(at)) return;
      offsets.push(at - now);
      if (offsets.length > REMEMBERED) offsets.shift();
    },
    // what was heard does not hold any more
    forget(newGuess) {
      offsets.length = 0;
      guess = newGuess;
    },
    // ms since the epoch by the server's clock
    now: (now) => now + offset(),
    // ms from a commit to here; null before the server's time was heard
    delay(committedAt, now) {
      if (!offsets.length || !committedAt) return null;
      return Math.max(0, Math.round(now + offset() - Date.parse(committedAt)));
    },
  };
}
