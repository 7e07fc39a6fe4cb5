// The first choice of each option is the default; a barista looks for what differs from it.

import { choiceName } from "./all-day.js";

// {usual, unusual}: the names of an item's choices; where the menu does not know the item, all are unusual
export function splitByDefault(item, menu) {
  const options = menu?.items.find((each) => each.id === item.id)?.options ?? [];
  const split = { usual: [], unusual: [] };
  for (const chosen of item.options ?? []) {
    const first = options.find((option) => option.id === chosen.option)?.choices[0];
    split[first && first.id === chosen.choice ? "usual" : "unusual"].push(choiceName(chosen));
  }
  return split;
}
