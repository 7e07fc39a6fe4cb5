// Money as whole cents inside, and as a person reads it outside.

import { locale } from "./words.js";

// Rounded as decimal digits are rounded, half up: 4.155 is 416, though 4.155 * 100 is a little less than 415.5 in binary.
export const cents = (amount) => Math.round(Number((Number(amount) * 100).toFixed(4)));

export function moneyIn(currency) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return (amountInCents) => format.format(amountInCents / 100);
}
