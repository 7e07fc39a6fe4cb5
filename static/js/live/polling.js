// Asking every three seconds, with the tag of the last answer, for as long as there is no socket.

export const EVERY_MS = 3000;

export function createPolling(environment, path, { onAnswer, onRefusal, onSilence }) {
  let tag = null;
  let timer = null;
  let round = 0; // an answer to a round that is over is passed over

  async function ask() {
    environment.cancel(timer);
    const mine = ++round;
    let answer;
    try {
      const response = await environment.fetch(path, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
      answer = await read(response);
    } catch {
      answer = { silence: true };
    }
    if (mine !== round) return;
    timer = environment.later(ask, EVERY_MS);
    if (answer.silence) onSilence();
    else if (answer.refusal) onRefusal(answer.refusal);
    else {
      if (answer.tag) tag = answer.tag;
      onAnswer(answer);
    }
  }

  async function read(response) {
    const staleSince = response.headers.get("Cafe-Stale-Since");
    if (response.status === 304) return { staleSince };
    if ([401, 403, 404].includes(response.status)) return { refusal: response.status };
    if (!response.ok) return { silence: true };
    return { body: await response.json(), tag: response.headers.get("ETag"), staleSince };
  }

  return {
    ask,
    startIn(ms) {
      environment.cancel(timer);
      timer = environment.later(ask, ms);
    },
    stop() {
      round += 1;
      environment.cancel(timer);
    },
    // what is shown did not come from the last answer any more, so "nothing new since then" would be no answer
    forget() {
      tag = null;
    },
  };
}
