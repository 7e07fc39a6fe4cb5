// One request of a page's own, with its answer or the reason there is none.

const PATIENCE_MS = 12_000;

// {ok, status, body, retryAfter}; `status` 0: the café could not be reached, so it is not known what happened
export async function ask(method, path, { headers = {}, body } = {}) {
  const content = body === undefined ? {} : { "Content-Type": "application/json" };
  try {
    const response = await fetch(path, {
      method,
      headers: { ...content, ...headers },
      body: body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const answer = await response.json().catch(() => ({}));
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    return { ok: response.ok, status: response.status, body: answer, retryAfter };
  } catch {
    return { ok: false, status: 0, body: {}, retryAfter: 0 };
  }
}
