// What an answer to a placed order means.

const ORDER_NUMBER = /^\d{3,5}-[0-9A-HJKMNP-TV-Z]{14,16}$/;

export const isOrderNumber = (text) => typeof text === "string" && ORDER_NUMBER.test(text);

// "placed": there is an order number. "refused": the café said no, so nothing was made. "unknown": it may have been made; the
// same request with the same key finds out.
export function outcome({ ok, status, body }) {
  if (ok) return isOrderNumber(body.order_number) ? "placed" : "unknown";
  if (status === 0 || status >= 500 || body.code === "idempotency_in_progress") return "unknown";
  return "refused";
}
