// The way the house makes a thing is the first choice of each of its options; a barista looks for what differs from it.

import { choiceName } from "./all-day.js";

// {usual, unusual}: the names of an item's choices; where the menu does not know the item, all are worth a look
export function byHouseStyle(item, menu) {
  const options = menu?.items.find((each) => each.id === item.id)?.options ?? [];
  const split = { usual: [], unusual: [] };
  for (const chosen of item.options ?? []) {
    const first = options.find((option) => option.id === chosen.option)?.choices[0];
    split[first && first.id === chosen.choice ? "usual" : "unusual"].push(choiceName(chosen));
  }
  return split;
}
