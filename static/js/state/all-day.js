// The all-day count: how many of each thing are still to be made, over every ticket that is not ready.

export const choiceName = (option) => option.choice_name ?? option.choice ?? option.name;
export const optionNames = (item) => (item.options ?? []).map(choiceName);

// `worthSaying(item)` gives the names that set one apart from another
export function allDay(orders, worthSaying = optionNames) {
  const counts = new Map();
  for (const order of orders) {
    for (const item of order.items) {
      const options = worthSaying(item).join(", ");
      const key = `${item.id}|${item.name}|${options}`;
      const line = counts.get(key) ?? { key, name: item.name, options, quantity: 0 };
      counts.set(key, { ...line, quantity: line.quantity + item.quantity });
    }
  }
  return [...counts.values()].sort((one, other) => other.quantity - one.quantity || one.name.localeCompare(other.name));
}
