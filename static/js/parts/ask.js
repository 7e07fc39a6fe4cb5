// One request of a page's own, with its answer or the reason there is none.

import { abortAfter } from "./abort-after.js";

const TIMEOUT_MS = 12_000;
const NO_ANSWER = { ok: false, status: 0, body: {}, retryAfter: 0 };

// {ok, status, body, retryAfter}. `status` is 0 where there was no answer of the café's: none at all, half of one, one that is
// no JSON (a hotspot's sign-in page comes with status 200), or a refusal without a code. What became of the request is then
// not known.
export async function ask(method, path, { headers = {}, body } = {}) {
  const content = body === undefined ? {} : { "Content-Type": "application/json" };
  try {
    const response = await fetch(path, {
      method,
      headers: { ...content, ...headers },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      signal: abortAfter(TIMEOUT_MS),
    });
    const answer = await response.json();
    if (answer === null || typeof answer !== "object") return NO_ANSWER;
    if (!response.ok && typeof answer.code !== "string") return NO_ANSWER;
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    return { ok: response.ok, status: response.status, body: answer, retryAfter };
  } catch {
    return NO_ANSWER;
  }
}
