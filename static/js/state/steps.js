// An order's way through the kitchen: what one tap does, and what takes it back.

const FORWARD = { ordered: "start", preparing: "ready", ready: "serve" };
const LEADS_TO = { start: "preparing", ready: "ready", serve: "served", cancel: "cancelled" };
const BEFORE = { preparing: "ordered", ready: "preparing", served: "ready" };

export const nextStep = (status) => FORWARD[status];
export const canRecall = (status) => status in BEFORE;
export const canCancel = (status) => status === "ordered" || status === "preparing";
export const leadsTo = (step, from) => (step === "recall" ? BEFORE[from] : LEADS_TO[step]);

// The step that undoes `step` once the order is in `status`; none for a cancellation, which is final.
export function undoing(step, status) {
  if (step === "cancel") return undefined;
  return step === "recall" ? FORWARD[status] : "recall";
}
