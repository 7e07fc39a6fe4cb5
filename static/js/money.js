// Money as whole cents inside, and as a person reads it outside.

import { locale } from "./words.js";

export const cents = (amount) => Math.round(Number(amount) * 100);

export function moneyIn(currency) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  return (amountInCents) => format.format(amountInCents / 100);
}
